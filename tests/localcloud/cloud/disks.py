"""The disks behind EBS volumes: one raw sparse file each, in a folder that outlives the daemon."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

GIB = 1024**3


@dataclass(frozen=True)
class Disks:
    """The files ``<volume id>.raw`` in a folder."""

    folder: Path

    def path(self, volume_id: str) -> Path:
        """Where the volume's content lies."""
        return self.folder / f"{volume_id}.raw"

    def make(self, volume_id: str, size_gib: int) -> None:
        """A new disk of zeros, of no bytes on this machine until something is written.

        Raises:
            FileExistsError: there is one of that id; it is not touched.
        """
        with self.path(volume_id).open("xb") as file:
            os.truncate(file.fileno(), size_gib * GIB)

    # Safety contract: a disk is removed ONLY when EC2 has deleted its volume, which it refuses while an instance
    # holds it: the one caller is VolumeBackend.delete_volume, after moto's own returned.
    def remove(self, volume_id: str) -> None:
        """Remove the content of a deleted volume."""
        self.path(volume_id).unlink(missing_ok=True)
