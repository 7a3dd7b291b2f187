"""What other programs leave on a disk: by the programs where this machine has them, else as their formats define it."""

from __future__ import annotations

import struct
import uuid
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from tests.bootstrap.disk import SIZE, Disk, run

SECTOR = 512
STRANGER = uuid.UUID("99999999-2222-4333-8444-555555555555")


@dataclass(frozen=True)
class Signature:
    """What blkid and wipefs call it, and how to ``put`` it on a disk."""

    kind: str
    put: Callable[[Disk], object]


def luks(disk: Disk) -> None:
    """A LUKS1 header (LUKS1 On-Disk Format Specification, 2.1): the whole struct, its eight key slots disabled."""
    names = b"aes".ljust(32, b"\0") + b"xts-plain64".ljust(32, b"\0") + b"sha256".ljust(32, b"\0")
    key = struct.pack(">II20s32sI", 4096, 64, b"\x5a" * 20, b"\xa5" * 32, 100_000) + str(STRANGER).encode().ljust(
        40, b"\0"
    )
    slots = b"".join(struct.pack(">II32sII", 0x0000DEAD, 0, bytes(32), 8 + 512 * at, 4000) for at in range(8))
    disk.write(0, (b"LUKS\xba\xbe" + struct.pack(">H", 1) + names + key + slots).ljust(2 * SECTOR, b"\0"))


def lvm(disk: Disk) -> None:
    """A label and the header of a physical volume in the second sector (LVM2, lib/format_text/layout.h)."""
    areas = struct.pack("<QQ", 1 << 20, 0) + bytes(16) + struct.pack("<QQ", 4096, (1 << 20) - 4096) + bytes(16)
    header = STRANGER.hex.encode() + struct.pack("<Q", SIZE) + areas
    summed = (struct.pack("<I", 32) + b"LVM2 001" + header).ljust(SECTOR - 20, b"\0")
    crc = ~zlib.crc32(summed, ~0xF597A6CF & 0xFFFFFFFF) & 0xFFFFFFFF
    disk.write(SECTOR, b"LABELONE" + struct.pack("<QI", 1, crc) + summed)


def raid(disk: Disk) -> None:
    """A member of a mirror (md superblock 1.2, linux/raid/md_p.h), 4 KiB into the disk."""
    made = bytearray(256 + 2 * 2)
    struct.pack_into("<III", made, 0, 0xA92B4EFC, 1, 0)
    made[16:32] = STRANGER.bytes
    struct.pack_into("<QiiQ", made, 64 + 8, 1, 1, 0, SIZE // SECTOR - 2048)
    struct.pack_into("<I", made, 64 + 28, 2)
    struct.pack_into("<QQQ", made, 128, 2048, SIZE // SECTOR - 2048, 8)
    struct.pack_into("<I", made, 220, 2)
    total = sum(struct.unpack(f"<{len(made) // 4}I", made))
    struct.pack_into("<I", made, 216, (total + (total >> 32)) & 0xFFFFFFFF)
    disk.write(4096, bytes(made))


def dos(disk: Disk) -> None:
    """A partition table of the old kind, with one Linux partition and nothing in that yet."""
    entry = struct.pack("<8B2L", 0x80, 0, 2, 0, 0x83, 0, 0, 0, 2048, 2048)
    disk.write(446, entry.ljust(64, b"\0") + b"\x55\xaa")


def gpt(disk: Disk) -> None:
    """A partition table of UEFI (Specification 2.10, 5.3) with its protective MBR, and no partition in it yet."""
    last, none = SIZE // SECTOR - 1, bytes(128 * 128)
    where = struct.pack("<QQQQ16sQ", 1, last, 34, last - 33, STRANGER.bytes_le, 2)
    entries = struct.pack("<III", 128, 128, zlib.crc32(none))
    start = b"EFI PART" + struct.pack("<II", 0x10000, 92)
    crc = zlib.crc32(start + bytes(8) + where + entries)
    disk.write(446, struct.pack("<8B2L", 0, 0, 2, 0, 0xEE, 255, 255, 255, 1, last).ljust(64, b"\0") + b"\x55\xaa")
    disk.write(SECTOR, start + struct.pack("<II", crc, 0) + where + entries)


SIGNATURES = (
    Signature("ext4", lambda disk: run("mkfs.ext4", "-q", "-F", disk.device)),
    Signature("xfs", lambda disk: run("mkfs.xfs", "-q", disk.device)),
    Signature("swap", lambda disk: run("mkswap", disk.device)),
    Signature("crypto_LUKS", luks),
    Signature("LVM2_member", lvm),
    Signature("linux_raid_member", raid),
    Signature("dos", dos),
    Signature("gpt", gpt),
)
