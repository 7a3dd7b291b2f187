"""The disks behind EBS volumes and snapshots: one raw sparse file each, in a folder that outlives the daemon."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.localcloud.errors import LocalCloudError

GIB = 1024**3


@dataclass(frozen=True)
class Disks:
    """The files ``<id of volume or snapshot>.raw`` in a folder."""

    folder: Path

    def path(self, identity: str) -> Path:
        """Where the content of a volume or a snapshot lies."""
        return self.folder / f"{identity}.raw"

    def make(self, identity: str, size_gib: int) -> None:
        """A new disk of zeros, of no bytes on this machine until something is written.

        Raises:
            FileExistsError: there is one of that id; it is not touched.
        """
        with self.path(identity).open("xb") as file:
            os.truncate(file.fileno(), size_gib * GIB)

    def copy(self, source: str, identity: str, size_gib: int) -> None:
        """A new disk with the content of ``source``, and zeros after it up to a size that is not smaller.

        It gets its name when it is whole. Where the file system can't share blocks between files, this takes as long
        as copying what was ever written to the source. If a machine writes meanwhile, the copy has some of that: less
        than after a power cut, where an earlier write is there if a later one is.

        Raises:
            LocalCloudError: it can't be copied; nothing is left.
            FileExistsError: there is one of that id; it is not touched.
        """
        half = self.folder / f"{identity}.half"
        command = ["cp", "--reflink=auto", "--sparse=always", "--", str(self.path(source)), str(half)]
        try:
            copied = subprocess.run(command, capture_output=True, text=True)
            if copied.returncode:
                raise LocalCloudError(f"The disk of {source} can't be copied: {copied.stderr.strip()}")
            _extend(half, size_gib)
            self.path(identity).hardlink_to(half)  # which, unlike a renaming, never replaces another
        finally:
            half.unlink(missing_ok=True)

    def grow(self, identity: str, size_gib: int) -> None:
        """Have it end at ``size_gib``, with zeros; one that is as large or larger stays as it is."""
        _extend(self.path(identity), size_gib)

    # Safety contract: a disk is removed ONLY when what it is the content of has ended:
    #   1. EC2 has deleted the volume, which it refuses while an instance holds it (VolumeBackend.delete_volume), or
    #   2. EC2 has deleted the snapshot (SnapshotBackend.delete_snapshot), or
    #   3. the volume was to end with its instance, which the daemon before this one had (KeptBackend).
    # Each caller asks after EC2, or what is kept of it, has said so; a disk of which it knows nothing stays.
    def remove(self, identity: str) -> None:
        """Remove the content of what has ended."""
        self.path(identity).unlink(missing_ok=True)


def _extend(path: Path, size_gib: int) -> None:
    if path.stat().st_size < size_gib * GIB:
        os.truncate(path, size_gib * GIB)
