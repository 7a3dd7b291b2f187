"""The whole command line: ``app`` with the commands of every noun."""

from __future__ import annotations

from zagent.cli import backup, generate, machine, schedule, volume, weights
from zagent.cli.app import app

__all__ = ["app", "backup", "generate", "machine", "schedule", "volume", "weights"]
