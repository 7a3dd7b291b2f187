"""Timers that verify the weights: which units, and putting them into systemd; without any package but zagent."""
