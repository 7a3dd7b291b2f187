"""How the data root, its weights and its copies stand, by what is noted: nothing is hashed, no destination asked."""
