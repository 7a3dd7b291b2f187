"""What goes to the host: scripts that its own Python runs (standard library only), and the agent's lock file."""
