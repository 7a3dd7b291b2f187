"""The first sector of an XFS filesystem. Pure. Layout: struct xfs_dsb, fs/xfs/libxfs/xfs_format.h (big-endian)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

MAGIC = b"XFSB"
SECTOR = 512
_UUID = slice(32, 48)
_IN_PROGRESS = 126


@dataclass(frozen=True)
class Superblock:
    """What tells a whole filesystem from one whose mkfs was cut off.

    ``in_progress`` is set by mkfs.xfs in its first write and cleared in its last; ``wiped`` means that the four
    bytes of the magic are zero.
    """

    uuid: str
    in_progress: bool
    wiped: bool

    def is_half_made(self, wanted: str) -> bool:
        """Whether a mkfs with the uuid ``wanted`` began here and never ended."""
        return self.in_progress and self.uuid == wanted


def parse(sector: bytes) -> Superblock | None:
    """Understand the first bytes of a disk; None where they are no XFS superblock, not even one without its magic."""
    if len(sector) < SECTOR or sector[:4] not in (MAGIC, bytes(4)) or not any(sector[_UUID]):
        return None
    if sector[_IN_PROGRESS] not in (0, 1):
        return None
    found = str(uuid.UUID(bytes=sector[_UUID]))
    return Superblock(found, in_progress=sector[_IN_PROGRESS] == 1, wiped=sector[:4] == bytes(4))
