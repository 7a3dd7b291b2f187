"""Plain copies of the weights on another device."""
