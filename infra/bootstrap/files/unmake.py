"""Zero the four bytes of magic of a half-made XFS filesystem, so that mkfs.xfs, which is never forced, takes the disk.

Safety contract: bytes are written only through a handle that the kernel gave to nobody else (O_EXCL), and only when
that same handle shows the magic, the mark "in progress" (byte 126) and the uuid that our own mkfs was begun with.
Arguments: the device, the uuid. Exit code 1: it is not that, and was left alone.
"""

from __future__ import annotations

import os
import sys
import uuid

MAGIC = b"XFSB"


def main(device: str, wanted: str) -> int:
    """Check, then write four bytes."""
    handle = os.open(device, os.O_RDWR | os.O_EXCL)
    try:
        sector = os.pread(handle, 512, 0)
        half_made = sector[126] == 1 and sector[32:48] == uuid.UUID(wanted).bytes
        if not half_made or sector[:4] not in (MAGIC, bytes(4)):
            print(f"{device} carries no half-made filesystem {wanted}", file=sys.stderr)
            return 1
        os.pwrite(handle, bytes(len(MAGIC)), 0)
        os.fsync(handle)
        return 0
    finally:
        os.close(handle)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
