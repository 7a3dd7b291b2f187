"""What a person types on a host to make a disk the data volume by hand, which zagent does unasked to its own alone."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import join

from infra.bootstrap.facts.model import Disk
from infra.bootstrap.want import AGENTS, ROOT, Want


@dataclass(frozen=True)
class Adoption:
    """Commands that run as they stand as soon as the agent's code and the rescue environment are there, which is
    before there is a command ``zagent``; ``agent`` is the key of the one, ``rescue`` the folder of the other.

    ``format`` says that the disk holds no filesystem yet.
    """

    want: Want
    disk: Disk
    agent: str
    rescue: str
    format: bool = False

    def __str__(self) -> str:
        made = [["sudo", "mkfs.xfs", self.disk.path]] if self.format else []
        mounted = [["sudo", "mkdir", "-p", ROOT], ["sudo", "mount", self.disk.path, ROOT]]
        there = [] if ROOT in self.disk.mounted_at else mounted
        typed = " && ".join(map(join, [*made, *there, ["sudo", *self._adopt()]]))
        return f"if it is the right disk, on the host: {typed}   then run the same command again"

    def _adopt(self) -> list[str]:
        owner = [("--project", self.want.project), ("--stack", self.want.stack)]
        flags = [word for name, value in owner if value for word in (name, value)]
        return [f"{self.rescue}/bin/python", "-I", f"{AGENTS}/{self.agent}", "volume", "adopt", ROOT, *flags]
