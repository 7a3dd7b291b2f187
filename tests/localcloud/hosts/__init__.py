"""The machines behind the local cloud's instances: Debian in QEMU, disks plugged in and out, a closed network."""
