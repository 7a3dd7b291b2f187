"""The weights: fetched once, proven by SHA-256, and never looked for on a network again."""
