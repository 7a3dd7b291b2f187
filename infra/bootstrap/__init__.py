"""The wanted state of a host: facts are gathered, a plan is made of them, its steps are taken, until none is left."""
