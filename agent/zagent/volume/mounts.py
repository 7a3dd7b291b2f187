"""What is mounted where: a parser of /proc/self/mountinfo (format: proc(5))."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "lustre", "virtiofs", "afs"})
MEMORY = frozenset({"tmpfs", "ramfs", "devtmpfs", "hugetlbfs"})
LAYERED = frozenset({"overlay", "aufs", "squashfs"})


@dataclass(frozen=True)
class Mount:
    """One line of mountinfo; ``device`` is the block device's ``major:minor``."""

    path: Path
    device: str
    fs_type: str
    source: str
    options: frozenset[str]

    @property
    def shape(self) -> str | None:
        """Why this filesystem is no disk, or None when it is one."""
        if self.fs_type in MEMORY:
            return "it lives in memory and is gone after a boot"
        if self.fs_type in LAYERED:
            return "it is a container's or a live system's layer and is thrown away with it"
        if self.fs_type in NETWORK or self.fs_type.startswith("fuse"):
            return "it is a network or user-space filesystem"
        return None


def parse(text: str) -> list[Mount]:
    """The mounts of a mountinfo text, in its order: a later one lies over an earlier one."""
    return [_line(line) for line in text.splitlines() if " - " in line]


def _line(line: str) -> Mount:
    before, _, after = line.partition(" - ")
    fields, rest = before.split(" "), after.split(" ")
    options = set(fields[5].split(",")) | set(rest[2].split(",") if len(rest) > 2 else ())
    return Mount(Path(_plain(fields[4])), fields[2], rest[0], _plain(rest[1]), frozenset(options))


def _plain(name: str) -> str:
    """Undo the kernel's octal escapes of space, tab, newline and backslash."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), name)


def over(path: Path, mounts: list[Mount]) -> Mount | None:
    """The mount that a resolved ``path`` lies on."""
    holding = [one for one in mounts if path == one.path or one.path in path.parents]
    return max(enumerate(holding), key=lambda pair: (len(pair[1].path.parts), pair[0]))[1] if holding else None


def current() -> list[Mount]:
    """The mounts this process sees now."""
    return parse(Path("/proc/self/mountinfo").read_text())
