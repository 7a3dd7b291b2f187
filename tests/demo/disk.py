"""A data disk for a demonstration: a real one on a loop device where root may make one, else a folder."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests import loops

SIZE = 64 * 10**9
"""Bytes; the file is sparse and takes some 65 MB."""

TOOLS = ("losetup", "mkfs.xfs", "mount", "lsblk", "blkid")


def why_not(work: Path) -> str | None:
    """Why this machine can't have a disk of its own, or None when it can; tried out in ``work``."""
    if os.geteuid() != 0:
        return "run as root to see it"
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    return f"{', '.join(missing)} not installed: xfsprogs mount util-linux" if missing else _refused(work)


def _refused(work: Path) -> str | None:
    """What a container says that gives its root no loop devices or no mounts."""
    disk = LoopDisk(work / "trial.img", work / "trial")
    try:
        disk.make()
    except subprocess.CalledProcessError as error:
        return f"{error.cmd[0]}: {error.stderr.strip().splitlines()[0]}" if error.stderr else str(error)
    except OSError as error:
        return str(error)
    finally:
        disk.remove()
    return None


@dataclass
class LoopDisk:
    """An XFS filesystem on a loop device; ``folder`` is where it is mounted at first."""

    image: Path
    folder: Path
    device: str = ""
    alone: ExitStack = field(default_factory=ExitStack)

    def make(self) -> None:
        """Create, format and mount it."""
        with self.image.open("wb") as file:
            file.truncate(SIZE)
        with loops.alone():
            self.device = _run("losetup", "--find", "--show", str(self.image)).strip()
            _run("mkfs.xfs", "-q", self.device)
            self.folder.mkdir()
            _run("mount", "-o", "noatime", self.device, str(self.folder))

    def unmount(self) -> None:
        """What a boot without the fstab line leaves: the disk attached, the folder empty. Nobody else's is so then."""
        self.alone.enter_context(loops.alone())
        _run("umount", str(self.folder))

    def mounted(self) -> None:
        """It has been found and mounted: others may look for theirs."""
        self.alone.close()

    def remove(self) -> None:
        """Undo whatever was made, from wherever it stopped."""
        if self.folder.is_mount():
            _run("umount", str(self.folder))
        if self.device:
            _run("losetup", "--detach", self.device)
        self.alone.close()
        self.image.unlink(missing_ok=True)


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
