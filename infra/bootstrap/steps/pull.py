"""The weights."""

from __future__ import annotations

from dataclasses import dataclass

from infra.bootstrap.host import must
from infra.bootstrap.steps.base import Target
from infra.bootstrap.want import SERVICE_USER

PULL_PATIENCE = 24 * 3600.0
"""Seconds for the weights: 32.88 GB on a slow line take most of a day."""


@dataclass(frozen=True)
class Pull:
    """Fetch the weights as a unit of systemd's, with the environment that all services have."""

    def __str__(self) -> str:
        return "pull the weights"

    def take(self, to: Target) -> None:
        """Relay its lines as they come."""
        unit = ["systemd-run", "--quiet", "--pipe", "--wait", "--collect", "--unit=zagent-pull"]
        unit += [f"--uid={SERVICE_USER}", f"--gid={SERVICE_USER}", "--property=EnvironmentFile=/etc/zagent/agent.env"]
        words = [*unit, "/usr/local/bin/zagent", "pull"]
        must(to.host, str(self), *words, on_line=to.say, patience=PULL_PATIENCE)
