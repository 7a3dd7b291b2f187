"""Files of the system disk, and the folders with many of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infra.bootstrap.packing import UNCOMPILED
from infra.bootstrap.ssh.host import must
from infra.bootstrap.steps.base import Target
from infra.bootstrap.want import AGENTS

ARCHIVES = f"{AGENTS}/.archives"
"""Where archives wait to be unpacked. Root unpacks whatever lies there, so nobody else may reach it."""

EMPTY = """
set -e
umask 022
[ "$(realpath -m "$1")" = "$1" ] || { echo "$1 lies behind a link" >&2; exit 1; }
mkdir -p "$(dirname "$1")"
rm -rf --one-file-system "$1"
mkdir -m 700 "$1"
"""
"""The folder of archives, without what an earlier try left there: an archive may have gigabytes.

Safety contract of the rm -rf: the folder is this step's alone, below one that is zagent's own, and its path has no link
in it, so that it is nowhere else than it says; rm follows no link below, and leaves no filesystem."""

UNPACK = """
set -e
umask 022
[ "$(realpath -m "$1")" = "$1" ] || { echo "$1 lies behind a link" >&2; exit 1; }
mkdir -p "$1"
rm -rf --one-file-system "$1"/.new-* "$1"/.old-*
mkdir "$1/.new-$2"
tar -xzf "$3" -C "$1/.new-$2" --no-same-owner
rm -f "$3"
[ -z "$4" ] || "$4" -I -m compileall -q -j 0 -x "/$5/" "$1/.new-$2" >/dev/null || true
sync -f "$1"
[ ! -e "$1/$2" ] && [ ! -L "$1/$2" ] || mv -T "$1/$2" "$1/.old-$2"
mv -T "$1/.new-$2" "$1/$2"
sync "$1"
rm -rf --one-file-system "$1/.old-$2"
"""
"""Folder, name, archive, the Python to compile with or nothing, the package to leave uncompiled.

Safety contract of the rm -rf: it is reached only for names that begin with .new- or .old-, which this step alone makes,
below a folder that is zagent's own and root's (plan/users.py) and whose path has no link in it, so that it is nowhere
else than it says; rm follows no link below, and leaves no filesystem. What had the final name before differed from its
list (plan/runtime.py), or is code of ours; both can be made again."""


@dataclass(frozen=True)
class Unpack:
    """Bring an archive's files under a name of their own; ``archive`` is made when it is needed.

    What has the name already is replaced as a whole. ``python`` is the interpreter that will run them, so that it
    compiles them; empty where that is not to be done here. ``archives`` is a folder for the archive alone.
    """

    what: str
    folder: str
    name: str
    archive: Callable[[], bytes | Path]
    python: str = ""
    archives: str = ARCHIVES

    def __str__(self) -> str:
        return f"install {self.what} as {self.folder}/{self.name}"

    def take(self, to: Target) -> None:
        """Send it, unpack it under a temporary name, name it."""
        content, temp = self.archive(), f"{self.archives}/{self.name}.tar.gz"
        must(to.host, f"make {self.archives}", "sh", "-c", EMPTY, "empty", self.archives)
        to.host.put(content, temp, 0o600)
        words = ["sh", "-c", UNPACK, "unpack", self.folder, self.name, temp, self.python, UNCOMPILED]
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
    """Let systemd read fstab again; only ever after a change, as a reload can take the GPU from running containers.

    The change may be that of an earlier converge, which was cut off before it came to this.
    """

    def __str__(self) -> str:
        return "let systemd and udev read their files again"

    def take(self, to: Target) -> None:
        """Reload both."""
        must(to.host, "reload systemd", "systemctl", "daemon-reload")
        must(to.host, "reload udev's rules", "udevadm", "control", "--reload")
