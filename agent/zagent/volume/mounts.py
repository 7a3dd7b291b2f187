"""What is mounted where: a parser of /proc/self/mountinfo (format: proc(5))."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "lustre", "virtiofs", "afs"})
MEMORY = frozenset({"tmpfs", "ramfs", "devtmpfs", "hugetlbfs"})
LAYERED = frozenset({"overlay", "aufs", "squashfs"})


@dataclass(frozen=True)
class Mount:
    """One line of mountinfo.

    ``device`` is the filesystem's ``major:minor``, which some filesystems (btrfs) make up; ``root`` is the folder of
    the filesystem that is mounted, ``/`` unless this is a bind mount or a subvolume.
    """

    id: int
    path: Path
    root: str
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
    """The mounts of a mountinfo text."""
    return [_line(line) for line in text.splitlines() if " - " in line]


def _line(line: str) -> Mount:
    before, _, after = line.partition(" - ")
    fields, rest = before.split(" "), after.split(" ")
    options = set(fields[5].split(",")) | set(rest[2].split(",") if len(rest) > 2 else ())
    path, root, source = Path(_plain(fields[4])), _plain(fields[3]), _plain(rest[1])
    return Mount(int(fields[0]), path, root, fields[2], rest[0], source, frozenset(options))


def _plain(name: str) -> str:
    """Undo the kernel's octal escapes of space, tab, newline and backslash."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), name)


def of(path: Path) -> Mount | None:
    """The mount that ``path`` lies on, or None where this process can't see it (in a chroot).

    The kernel is asked (mnt_id in /proc/self/fdinfo, proc(5)): paths alone can't tell, as a later mount on a
    parent folder hides an earlier one.

    Raises:
        OSError: ``path`` can't be opened.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        facts = Path(f"/proc/self/fdinfo/{handle}").read_text()
    finally:
        os.close(handle)
    number = int(facts.partition("mnt_id:")[2].split()[0])
    return next((one for one in current() if one.id == number), None)


def current() -> list[Mount]:
    """The mounts this process sees now."""
    return parse(os.fsdecode(Path("/proc/self/mountinfo").read_bytes()))
