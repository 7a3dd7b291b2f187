"""A second copy of what is on the data root, a history of it, and the way back."""
