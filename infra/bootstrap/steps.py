"""The few things that are done to a host. Each says in a line what it does, and can be done again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from infra.bootstrap.gather import on_host
from infra.bootstrap.host import Host, OnLine, must
from infra.bootstrap.permission import Permission
from infra.bootstrap.want import AGENTS, ROOT, SERVICE_USER

PULL_PATIENCE = 24 * 3600.0
"""Seconds for the weights: 32.88 GB on a slow line take most of a day."""


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


UNPACK = """
set -e
mkdir -p "$1"
rm -rf "$1"/.new-*
mkdir "$1/.new-$2"
tar -xzf "$3" -C "$1/.new-$2" --no-same-owner
rm -f "$3"
"$4" -I -m compileall -q -x /modelscope/ "$1/.new-$2" >/dev/null || true
sync -f "$1"
mv -T "$1/.new-$2" "$1/$2"
sync "$1"
"""
"""Folder, name, archive, Python. Safety contract of the rm -rf: only names that this step alone makes, below a folder
that is zagent's own and root's; what has its final name is whole and is never touched. modelscope is left uncompiled:
the agent does not import it, and it is 2,900 files."""


@dataclass(frozen=True)
class Unpack:
    """Bring an archive's files under a name of their own; ``archive`` is made when it is needed.

    ``python`` is the interpreter that will run them, so that it compiles them.
    """

    what: str
    folder: str
    name: str
    archive: Callable[[], bytes | Path]
    python: str

    def __str__(self) -> str:
        return f"install {self.what} as {self.folder}/{self.name}"

    def take(self, to: Target) -> None:
        """Send it, unpack it under a temporary name, name it."""
        content, temp = self.archive(), f"/var/tmp/zagent-{self.name}.tar.gz"
        to.host.put(content, temp, 0o600)
        words = ["sh", "-c", UNPACK, "unpack", self.folder, self.name, temp, self.python]
        must(to.host, f"unpack {self.what}", *words)


@dataclass(frozen=True)
class Place:
    """Make a file what it should be."""

    path: str
    content: str
    mode: int = 0o644

    def __str__(self) -> str:
        return f"write {self.path}"

    def take(self, to: Target) -> None:
        """Replace it whole."""
        must(to.host, f"make the folder of {self.path}", "mkdir", "-p", str(Path(self.path).parent))
        to.host.put(self.content.encode(), self.path, self.mode)


@dataclass(frozen=True)
class Reload:
    """Let systemd read fstab again; only ever after a change, as a reload can take the GPU from running containers."""

    def __str__(self) -> str:
        return "let systemd and udev read their files again"

    def take(self, to: Target) -> None:
        """Reload both."""
        must(to.host, "reload systemd", "systemctl", "daemon-reload")
        must(to.host, "reload udev's rules", "udevadm", "control", "--reload")


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


@dataclass(frozen=True)
class AddUser:
    """Make the user that owns the weights; with the number its files on the volume have, if there are any."""

    uid: int | None

    def __str__(self) -> str:
        return f"add the user {SERVICE_USER}{'' if self.uid is None else f' with the number {self.uid}'}"

    def take(self, to: Target) -> None:
        """A system user that nobody logs in as."""
        number = [] if self.uid is None else ["--uid", str(self.uid)]
        words = ["useradd", "--system", "--user-group", *number, "--no-create-home", "--home-dir", "/nonexistent"]
        must(to.host, str(self), *words, "--shell", "/usr/sbin/nologin", SERVICE_USER)


@dataclass(frozen=True)
class MakeFolder:
    """Make a folder, or give it its mode and owner."""

    path: str
    mode: int
    owner: str

    def __str__(self) -> str:
        return f"make {self.path} for {self.owner}"

    def take(self, to: Target) -> None:
        """By name, so that the owner's number is this host's."""
        words = ["install", "-d", "-m", f"{self.mode:o}", "-o", self.owner, "-g", self.owner, self.path]
        must(to.host, str(self), *words)


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
