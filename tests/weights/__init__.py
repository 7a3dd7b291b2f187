"""The weights: pulled, killed, damaged, adopted and proved, against a hub over real HTTP."""
