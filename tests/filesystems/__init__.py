"""Real filesystems on loop devices and tmpfs: what a guard is worth shows only there. Needs root."""
