"""Moto's EC2 with machines and disks behind it, in the three modules that moto expects of a service."""
