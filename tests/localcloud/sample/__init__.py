"""A program that is not ours, as a user of Pulumi might write it: what the local cloud is tried with."""
