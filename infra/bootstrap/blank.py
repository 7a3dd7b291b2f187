"""Is a disk blank? Where to look, and what the proof says. Pure; files/prove.py is what looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.bootstrap import superblock
from infra.bootstrap.superblock import Superblock

MIB = 1 << 20
EDGE = 16 * MIB
"""Bytes at both ends in which partition tables, RAID, LVM and nearly every filesystem have their marks."""

SAMPLES = 64
EXT4_BACKUPS = tuple(group * 128 * MIB for group in (1, 3, 5, 7, 9, 25, 27, 49, 81))
"""Where ext4 with blocks of 4 KiB keeps copies of its superblock: groups of 128 MiB (sparse_super, mke2fs(8))."""

NOTHING = 2
"""blkid's exit code when it found nothing, or could not look (blkid(8)): therefore never trusted alone."""

PROBES = 3
PAUSE = 1.0
"""Seconds between two probes: a disk that has just come may not answer at once."""


def windows(size: int) -> list[tuple[int, int]]:
    """The places, as offset and length in bytes, that must hold zeros alone on a disk of ``size`` bytes."""
    edge = min(EDGE, size)
    spread = [(size - MIB) * at // (SAMPLES - 1) for at in range(SAMPLES)] if size > MIB else []
    inner = [(at, MIB) for at in (*spread, *EXT4_BACKUPS) if at + MIB <= size]
    return sorted({(0, edge), (size - edge, edge), *inner})


@dataclass(frozen=True)
class Proof:
    """What was seen on a disk, just now: blkid's exit codes, wipefs' finds, the first byte that is not zero.

    ``size`` is in bytes, ``in_use`` says who else has it.
    """

    serial: str
    size: int
    in_use: str
    probes: tuple[int, ...]
    signatures: tuple[str, ...]
    nonzero: int | None
    superblock: Superblock | None = None

    @classmethod
    def parse(cls, seen: Mapping[str, Any]) -> Proof:
        """From what files/prove.py prints."""
        plain = {name: seen[name] for name in ("serial", "size", "in_use", "nonzero")}
        sector = superblock.parse(bytes.fromhex(seen["sector"]))
        return cls(probes=tuple(seen["probes"]), signatures=tuple(seen["signatures"]), superblock=sector, **plain)

    def is_half_made(self, unfinished: str) -> bool:
        """Whether it carries what a mkfs with this uuid leaves when it is cut off."""
        return bool(unfinished and self.superblock and self.superblock.is_half_made(unfinished))

    def against(self, serial: str, size: int | None, unfinished: str) -> list[str]:
        """Every reason not to format, in words; empty when there is none.

        ``serial`` and ``size`` (bytes) are what the volume should have; ``unfinished`` is the uuid of a mkfs that was
        begun on it and may have been cut off, or empty.
        """
        reasons = [f"it is in use: {self.in_use}"] if self.in_use else []
        if self.serial != serial:
            reasons.append(f"its serial number is {self.serial or 'empty'}, the volume's is {serial}")
        if self.size != size:
            reasons.append(f"it has {self.size} bytes, the volume has {size}")
        if self.is_half_made(unfinished):
            return [*reasons, *(f"it carries {one}, too" for one in self.signatures if one != "xfs")]
        return reasons + self._marks()

    def _marks(self) -> list[str]:
        reasons = [f"it carries {', '.join(self.signatures)}"] if self.signatures else []
        if self.probes != (NOTHING,) * PROBES:
            reasons.append(f"blkid answers {', '.join(map(str, self.probes))} where only 2, three times, means nothing")
        if self.nonzero is not None:
            reasons.append(f"it is not empty: byte {self.nonzero} is not zero")
        return reasons
