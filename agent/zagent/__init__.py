"""zagent: weights on a volume that outlives every machine, and images from them."""

__version__ = "0.1.0"
