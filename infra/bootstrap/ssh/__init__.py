"""How a host is spoken to: a protocol, and what stands behind it, an SSH connection that is trusted and ends."""
