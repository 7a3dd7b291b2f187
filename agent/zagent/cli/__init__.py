"""The command line: one module per noun, commands that only translate words into calls."""
