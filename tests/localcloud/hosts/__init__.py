"""The machines behind the local cloud's instances: Debian in QEMU, disks plugged in and out, a closed network."""

HUB = "10.0.2.100"
"""The address at which machines reach the hub, on port 80."""
