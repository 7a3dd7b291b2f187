"""The data root: what makes a mount *the* mount, and whether it is safe to write."""
