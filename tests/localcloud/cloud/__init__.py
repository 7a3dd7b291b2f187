"""The daemon: AWS's API on loopback, with machines behind instances and disks behind volumes; and a model hub."""
