"""The few things that are done to a host. Each says in a line what it does, and can be done again."""
