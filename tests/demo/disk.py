"""A data disk for a demonstration: a real one on a loop device for root, a folder for everyone else."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SIZE = 64 * 10**9
"""Bytes; the file is sparse and takes some 65 MB."""

TOOLS = ("losetup", "mkfs.xfs", "mount", "lsblk", "blkid")


def why_not() -> str | None:
    """Why this machine can't have a disk of its own, or None when it can."""
    if os.geteuid() != 0:
        return "not root, so no loop device and no mount"
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    return f"{', '.join(missing)} not installed (apt-get install xfsprogs mount util-linux)" if missing else None


@dataclass
class LoopDisk:
    """An XFS filesystem on a loop device; ``folder`` is where it is mounted at first."""

    image: Path
    folder: Path
    device: str = ""

    def make(self) -> None:
        """Create, format and mount it."""
        with self.image.open("wb") as file:
            file.truncate(SIZE)
        self.device = _run("losetup", "--find", "--show", str(self.image)).strip()
        _run("mkfs.xfs", "-q", self.device)
        self.folder.mkdir()
        _run("mount", "-o", "noatime", self.device, str(self.folder))

    def unmount(self) -> None:
        """What a boot without the fstab line leaves: the disk attached, the folder empty."""
        _run("umount", str(self.folder))

    def remove(self) -> None:
        """Undo whatever was made, from wherever it stopped."""
        if self.folder.is_mount():
            _run("umount", str(self.folder))
        if self.device:
            _run("losetup", "--detach", self.device)
        self.image.unlink(missing_ok=True)


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
