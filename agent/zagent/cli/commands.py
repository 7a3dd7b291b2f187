"""The whole command line: ``app`` with the commands of every noun."""

from __future__ import annotations

from zagent.cli import backup, gc, generate, machine, schedule, status, volume, weights
from zagent.cli.app import app

__all__ = ["app", "backup", "gc", "generate", "machine", "schedule", "status", "volume", "weights"]
