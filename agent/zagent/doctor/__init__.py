"""An ordered list of small checks, each with what it found and the command that mends it."""
