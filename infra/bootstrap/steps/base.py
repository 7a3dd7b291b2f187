"""What a step is, and what it acts on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from infra.bootstrap.permission import Permission
from infra.bootstrap.ssh.host import Host, OnLine


@dataclass(frozen=True)
class Target:
    """What steps act on: a host, the record of its volume, and where lines for people go."""

    host: Host
    permission: Permission
    say: OnLine


class Step(Protocol):
    """One change of a host."""

    def __str__(self) -> str:
        """What it does, in a line."""

    def take(self, to: Target) -> None:
        """Do it.

        Raises:
            HostError: what went wrong; taking it again is safe.
        """
