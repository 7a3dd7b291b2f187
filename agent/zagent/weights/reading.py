"""Reading a file from the disk itself, a few buffers ahead of whoever uses the bytes.

O_DIRECT leaves the page cache out: what is read is what the disk holds, and the copy that it saves is most of the
work besides hashing. A thread reads while the last buffer is in use.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

BUFFER = 4 << 20
"""Bytes of one read."""
BUFFERS = 3
"""One in use, one full, one being filled."""
BLOCK = 4096
"""To what O_DIRECT wants memory, offset and length aligned; mmap gives such memory."""

_Free = SimpleQueue["mmap.mmap | None"]
_Full = SimpleQueue["tuple[mmap.mmap, int] | Exception | None"]


def read_from_disk(path: Path) -> Iterator[memoryview]:
    """The content in pieces of up to 4 MiB, each valid until the next is asked for; takes 12 MiB whatever the size.

    Raises:
        OSError: it can't be opened, or a block can't be read.
    """
    handle = _open(path)
    size = os.fstat(handle).st_size
    free, full = _Free(), _Full()
    for _ in range(BUFFERS):
        free.put(mmap.mmap(-1, min(BUFFER, size + -size % BLOCK) or BLOCK))
    reader = Thread(target=_fill, args=(handle, size, free, full), daemon=True)
    reader.start()
    try:
        yield from _handed_over(free, full)
    finally:
        free.put(None)  # whoever stopped early stops the reader, too
        reader.join()
        os.close(handle)


def _handed_over(free: _Free, full: _Full) -> Iterator[memoryview]:
    while (got := full.get()) is not None:
        if isinstance(got, Exception):
            raise got
        buffer, count = got
        yield memoryview(buffer)[:count]
        free.put(buffer)


def _fill(handle: int, size: int, free: _Free, full: _Full) -> None:
    position = 0
    try:
        while position < size and (buffer := free.get()) is not None:
            count = _read(handle, buffer, position)
            if not count:
                break  # it became shorter meanwhile
            full.put((buffer, count))
            position += count
        full.put(None)
    except Exception as error:  # whatever it is, who waits must hear of it
        full.put(error)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECT)
    except OSError as error:
        if error.errno != errno.EINVAL:  # the filesystem has no O_DIRECT
            raise
    handle = os.open(path, os.O_RDONLY)
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    return handle


def _read(handle: int, buffer: mmap.mmap, position: int) -> int:
    """Read at ``position``; where the filesystem's blocks are larger than ours, go on without O_DIRECT."""
    try:
        return os.preadv(handle, [buffer], position)
    except OSError as error:
        flags = fcntl.fcntl(handle, fcntl.F_GETFL)
        if error.errno != errno.EINVAL or not flags & os.O_DIRECT:
            raise
    fcntl.fcntl(handle, fcntl.F_SETFL, flags & ~os.O_DIRECT)
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    return os.preadv(handle, [buffer], position)
