"""What is known of a host: facts, the commands that ask for them, and pure parsers of what those print."""
