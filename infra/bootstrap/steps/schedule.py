"""The agent's timers."""

from __future__ import annotations

from dataclasses import dataclass

from infra.bootstrap.gather import on_host
from infra.bootstrap.ssh.host import must
from infra.bootstrap.steps.base import Target
from infra.bootstrap.want import AGENTS, ROOT


@dataclass(frozen=True)
class Schedule:
    """Have systemd verify the weights, quickly every day, byte by byte every week, and back them up every night."""

    python: str
    agent: str

    def __str__(self) -> str:
        return "install the timers that verify and back up the weights"

    def take(self, to: Target) -> None:
        """Let the agent's own code do it, as `zagent schedule install` does."""
        must(to.host, str(self), *on_host("schedule", f"{AGENTS}/{self.agent}", ROOT, python=self.python))
