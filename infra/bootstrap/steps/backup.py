"""The second copy."""

from __future__ import annotations

from dataclasses import dataclass

from zagent.schedule import units

from infra.bootstrap.ssh.host import must
from infra.bootstrap.steps.base import Target
from infra.bootstrap.want import BACKUP_NAME, LAUNCHER

SERVICE = units.service(units.BACKUP)


@dataclass(frozen=True)
class AddBackup:
    """Make the stack's target a destination of the host's backups, ``instead`` of one that the stack named before."""

    target: str
    instead: bool = False

    def __str__(self) -> str:
        return f"set up backups to {self.target}" + (" instead of those to another place" if self.instead else "")

    def take(self, to: Target) -> None:
        """Let the agent do it, and relay what it says: it may be of a password to keep. No copy is deleted.

        Refused, the host's list names the one before; cut off anywhere, the one or the other.
        """
        words = [LAUNCHER, "backup", "add", BACKUP_NAME, self.target, *(["--replace"] if self.instead else [])]
        must(to.host, str(self), *words, on_line=to.say)


@dataclass(frozen=True)
class BeginBackup:
    """Begin the first backup to a destination that was set up just now; it need not wait for the night."""

    def __str__(self) -> str:
        return "begin the first backup"

    def take(self, to: Target) -> None:
        """Have systemd do it, which goes on when this side is gone; how it ended stands in `zagent cloud status`."""
        must(to.host, str(self), "systemctl", "start", "--no-block", SERVICE)
