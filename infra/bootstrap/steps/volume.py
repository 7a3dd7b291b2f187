"""The volume: mounted, grown, marked, noted."""

from __future__ import annotations

from dataclasses import dataclass

from infra.bootstrap.gather import on_host
from infra.bootstrap.host import must
from infra.bootstrap.steps.base import Target
from infra.bootstrap.want import AGENTS, ROOT

MOUNT = """
set -e
mkdir -p "$1"
chattr +i "$1"
udevadm settle --timeout=30 || true
mount "$1"
"""
"""The bare mount point takes no writes, not even root's: nothing ever lands beneath the mount."""


@dataclass(frozen=True)
class Mount:
    """Mount the data volume as fstab says."""

    device: str

    def __str__(self) -> str:
        return f"mount {self.device} at {ROOT}"

    def take(self, to: Target) -> None:
        """Guard the mount point, then mount."""
        must(to.host, f"mount {self.device}", "sh", "-c", MOUNT, "mount", ROOT)


@dataclass(frozen=True)
class Grow:
    """Let the filesystem use all of a disk that has grown; it stays mounted, and no data moves (xfs_growfs(8))."""

    device: str

    def __str__(self) -> str:
        return f"grow the filesystem at {ROOT} to all of {self.device}"

    def take(self, to: Target) -> None:
        """Grow it."""
        must(to.host, str(self), "xfs_growfs", "-d", ROOT)


@dataclass(frozen=True)
class Mark:
    """Make the volume a data root, or add this disk to its lineage."""

    python: str
    agent: str
    project: str
    stack: str

    def __str__(self) -> str:
        return f"mark {ROOT} as the data root of {self.project or 'no project'}{self.stack and '/'}{self.stack}"

    def take(self, to: Target) -> None:
        """Let the agent's own code do it."""
        words = on_host("mark", f"{AGENTS}/{self.agent}", ROOT, self.project, self.stack, python=self.python)
        must(to.host, f"mark {ROOT}", *words)


@dataclass(frozen=True)
class Finish:
    """Note on the volume that it has been formatted, for good."""

    uuid: str

    def __str__(self) -> str:
        return f"note on the volume that {self.uuid} is its filesystem"

    def take(self, to: Target) -> None:
        """The marker is durable by now."""
        to.permission.finish(self.uuid)
