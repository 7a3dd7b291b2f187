"""What the host no longer runs."""

from __future__ import annotations

import json
from dataclasses import dataclass

from infra.bootstrap.gather import on_host
from infra.bootstrap.ssh.host import must
from infra.bootstrap.steps.base import Target
from infra.bootstrap.want import AGENTS, LAUNCHER, RUNTIMES


@dataclass(frozen=True)
class RemoveOutdated:
    """Remove the agent's earlier folders, ``paths``; ``keep`` are today's, ``stamp`` says that they were checked."""

    paths: tuple[str, ...]
    keep: tuple[str, ...]
    stamp: str
    folders: tuple[str, ...] = (AGENTS, RUNTIMES)

    def __str__(self) -> str:
        return f"remove what is outdated: {', '.join(self.paths)}"

    def take(self, to: Target) -> None:
        """The safety contract stands above the one call that deletes, in files/outdated.py."""
        asked = {"launcher": LAUNCHER, "folders": self.folders, "remove": self.paths}
        words = on_host("outdated", json.dumps({**asked, "keep": self.keep, "stamp": self.stamp}))
        must(to.host, "remove what is outdated", *words, on_line=to.say)
