"""The volume: mounted, grown, marked, noted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zagent.volume.users import Account

from infra.bootstrap.gather import on_host
from infra.bootstrap.ssh.host import must
from infra.bootstrap.steps.base import Target
from infra.bootstrap.steps.users import MakeFolders
from infra.bootstrap.want import AGENTS, LAYOUT, ROOT, Folder
from infra.errors import MountRefused

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


GUARD = """
unshare --mount --propagation private sh -c '
    mount --bind "$(dirname "$1")" /mnt && chattr +i "/mnt/$(basename "$1")"' guard "$1"
"""


@dataclass(frozen=True)
class Guard:
    """Let the bare mount point take no writes again, while the volume is mounted over it."""

    def __str__(self) -> str:
        return f"let nothing be written beneath the mount at {ROOT}"

    def take(self, to: Target) -> None:
        """Reach below the mount in a view of the files that only this command has."""
        must(to.host, "guard the mount point", "sh", "-c", GUARD, "guard", ROOT)


AWAIT = """
for _ in $(seq "$3"); do
    [ "$(blockdev --getsize64 "$1")" -ge "$2" ] && exit 0
    sleep 1
done
blockdev --getsize64 "$1"
exit 1
"""
SIZE_PATIENCE = 60
"""Seconds until a host must show a volume's new size; on AWS it comes a little after the volume's own."""


@dataclass(frozen=True)
class AwaitSize:
    """Wait until a disk has the ``size`` in bytes that its volume has been given; nothing is written."""

    device: str
    size: int

    def __str__(self) -> str:
        return f"wait until {self.device} has the {self.size} bytes of its volume"

    def take(self, to: Target) -> None:
        """Wait.

        Raises:
            MountRefused: it stays smaller, so that it is not that volume's disk, or does not see that it grew.
        """
        ran = to.host.run(["sh", "-c", AWAIT, "await", self.device, str(self.size), str(SIZE_PATIENCE)])
        if ran.exit_code:
            hint = "if the volume was grown, reboot the host and run the same command again; else it is another disk"
            why = f"it has {ran.out.strip() or ran.err.strip()} bytes, the volume has {self.size}"
            raise MountRefused(disk=self.device, why=why, hint=hint)


@dataclass(frozen=True)
class Grow:
    """Let the filesystem use all of a disk that has grown; it stays mounted, and no data moves (xfs_growfs(8))."""

    device: str

    def __str__(self) -> str:
        return f"grow the filesystem at {ROOT} to all of {self.device}"

    def take(self, to: Target) -> None:
        """Grow it."""
        must(to.host, str(self), "xfs_growfs", "-d", ROOT)


def _own_folders() -> MakeFolders:
    """The data root and zagent's own folder, root's."""
    folders = tuple(Folder(one, 0o755, "root") for one in (Path(ROOT), LAYOUT.own))
    return MakeFolders(folders, {"root": Account(0, 0)}, ROOT)


ASIDE = ".foreign"
"""How the name ends of what came with a volume from elsewhere."""


@dataclass(frozen=True)
class SetAside:
    """Let nothing that came with a volume from elsewhere decide where root's backups go, and with which passwords."""

    def __str__(self) -> str:
        folder = LAYOUT.backups
        back = f"on the host, sudo mv -T {folder}{ASIDE} {folder}   takes it back"
        return f"set aside the backup destinations that the volume brings, as {folder}{ASIDE}: {back}"

    def take(self, to: Target) -> None:
        """Rename the folder; no link on the volume is followed."""
        _own_folders().take(to)
        below = LAYOUT.backups.relative_to(ROOT)
        words = on_host("below", "aside", ROOT, str(below), below.name + ASIDE)
        must(to.host, f"set aside {LAYOUT.backups}", *words)


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
        """Let the agent's own code do it, in a folder that is where it seems and root's."""
        _own_folders().take(to)
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
