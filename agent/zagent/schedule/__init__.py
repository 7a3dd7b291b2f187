"""Timers that verify the weights and back them up: which units, and putting them into systemd; without any package."""
