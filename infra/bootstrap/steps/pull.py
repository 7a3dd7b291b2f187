"""The weights."""

from __future__ import annotations

from dataclasses import dataclass

from infra.bootstrap.gather import on_host
from infra.bootstrap.ssh.host import must
from infra.bootstrap.steps.base import Target
from infra.bootstrap.want import LAUNCHER, ROOT

PULL_PATIENCE = 24 * 3600.0
"""Seconds for the weights: 32.88 GB on a slow line take most of a day."""

GOES_ON = "the pull goes on on the host, as zagent-pull.service; the next converge follows it again"


@dataclass(frozen=True)
class Pull:
    """Fetch the weights as a unit of systemd's, with the environment that all services have."""

    def __str__(self) -> str:
        return "pull the weights"

    def take(self, to: Target) -> None:
        """Start it, or join the one that an earlier converge left; relay its lines as they come."""
        to.say("      it runs on the host by itself: Ctrl-C here only stops following it")
        try:
            words = on_host("run", "pull", ROOT, LAUNCHER, "pull")
            must(to.host, str(self), *words, on_line=to.say, patience=PULL_PATIENCE)
        except KeyboardInterrupt:
            to.say(GOES_ON)
            raise
