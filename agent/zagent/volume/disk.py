"""The block device below a mount, as /sys shows it, and the filesystem's own uuid."""

from __future__ import annotations

import fcntl
import os
import stat
import uuid
from dataclasses import dataclass
from pathlib import Path

from zagent.volume.mounts import Mount

SYS = Path("/sys/dev/block")

# Each: the ioctl's number, the size of its structure, what to fill in first, where the 16 bytes of uuid begin.
# FS_IOC_GETFSUUID: linux/fs.h, Linux 6.9. XFS_IOC_FSGEOMETRY_V1: xfs_fs.h, ever. EXT4_IOC_GETFSUUID: Linux 6.0.
_UUID_CALLS = (
    (0x80111500, 17, b"", 1),
    (0x80705864, 112, b"", 64),
    (0x8008662C, 24, (16).to_bytes(4, "little"), 8),
)


@dataclass(frozen=True)
class Disk:
    """A whole disk: kernel name, bytes, serial number (on EBS the volume id), and for a loop device its file."""

    name: str
    size: int
    serial: str | None
    backing_file: str | None


def filesystem_uuid(path: Path) -> str | None:
    """The uuid of the filesystem that ``path`` lies on, or None where it has none; needs no privilege.

    Raises:
        OSError: ``path`` can't be opened.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        found = next(filter(None, (_ask(handle, *call) for call in _UUID_CALLS)), None)
        return found or _udev_uuid(os.fstat(handle).st_dev)
    finally:
        os.close(handle)


def _ask(handle: int, request: int, length: int, given: bytes, offset: int) -> str | None:
    buffer = bytearray(given.ljust(length, b"\0"))
    try:
        fcntl.ioctl(handle, request, buffer)
    except OSError:
        return None
    raw = bytes(buffer[offset : offset + 16])
    return str(uuid.UUID(bytes=raw)) if any(raw) else None  # all zero: a filesystem that never set one


def _udev_uuid(device: int, folder: Path = Path("/dev/disk/by-uuid")) -> str | None:
    for link in folder.glob("*"):
        try:
            if link.stat().st_rdev == device:
                return link.name
        except OSError:
            continue
    return None


def below(mount: Mount, sys: Path = SYS) -> list[Disk]:
    """The whole disks below a mount, by its source where the filesystem's own device number is made up (btrfs)."""
    return disks(mount.device, sys) or disks(_node_number(mount.source), sys)


def _node_number(source: str) -> str:
    try:
        found = Path(source).stat()
    except OSError:
        return "no device"
    is_block = stat.S_ISBLK(found.st_mode)
    return f"{os.major(found.st_rdev)}:{os.minor(found.st_rdev)}" if is_block else "no device"


def disks(device: str, sys: Path = SYS) -> list[Disk]:
    """The whole disks below a block device: a partition's disk, a logical volume's or an array's members.

    Empty where ``device`` (``major:minor``) is no block device, as for tmpfs or a network filesystem.
    """
    folder = sys / device
    if not folder.exists():
        return []
    folder = folder.resolve()
    if (folder / "partition").exists():
        folder = folder.parent
    members = sorted((folder / "slaves").glob("*")) if (folder / "slaves").is_dir() else []
    if members:
        return [disk for one in members for disk in disks((one / "dev").read_text().strip(), sys)]
    return [_disk(folder)]


def _disk(folder: Path) -> Disk:
    sectors = int(_content(folder / "size") or 0)
    device = folder / "device"
    serial = _content(device / "serial") or _content(folder / "serial") or _page_80(device / "vpd_pg80")
    return Disk(folder.name, sectors * 512, serial, _content(folder / "loop" / "backing_file"))


def _content(path: Path) -> str | None:
    try:
        return path.read_text().strip() or None
    except OSError:
        return None


def _page_80(path: Path) -> str | None:
    """A SCSI or SATA disk's serial number: four bytes of head, the last of them a length, then text (SPC-4, 7.8.17)."""
    try:
        page = path.read_bytes()
    except OSError:
        return None
    return page[4 : 4 + int.from_bytes(page[2:4], "big")].decode("ascii", "replace").strip() or None
