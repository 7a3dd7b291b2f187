"""SHA-256 of files: large reads into one buffer a thread, several files at a time."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from zagent.weights.manifest import File
from zagent.weights.needed import Listed

BUFFER = 4 << 20
AHEAD = 32 << 20
"""Bytes the kernel is asked to read while the last ones are hashed; its own read-ahead is 128 kB."""

WORKERS = 16
"""Files at a time at most, however many cores: with a buffer each they stay at 64 MiB."""

T = TypeVar("T")
R = TypeVar("R")
OnBytes = Callable[[int], None]


def sha256(path: Path, on_bytes: OnBytes = lambda count: None) -> str:
    """The SHA-256 of a file in hex, read from the disk and not from memory; takes 4 MiB whatever the size.

    Raises:
        OSError: it can't be opened, or a block can't be read.
    """
    found = hashlib.sha256()
    for chunk in read_from_disk(path):
        found.update(chunk)
        on_bytes(len(chunk))
    return found.hexdigest()


def read_from_disk(path: Path) -> Iterator[memoryview]:
    """The content in pieces; the page cache is dropped first, for else the memory would be tested."""
    buffer = memoryview(bytearray(BUFFER))
    with path.open("rb", buffering=0) as file:
        handle, position, advised = file.fileno(), 0, 0
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        while True:
            if position + AHEAD >= advised:
                os.posix_fadvise(handle, advised, AHEAD, os.POSIX_FADV_WILLNEED)
                advised += AHEAD
            count = file.readinto(buffer)
            if not count:
                return
            position += count
            yield buffer[:count]


def in_parallel(work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Do ``work`` for every item, one a core at a time; hashing and reading leave the GIL free."""
    with ThreadPoolExecutor(max_workers=min(cores(), WORKERS)) as pool:
        return list(pool.map(work, items))


def cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0))


def recorded(folder: Path, files: Iterable[Listed]) -> list[File]:
    """Entries for a manifest. A listed hash was compared while the file came; where none is listed the file is
    read back, and its hash is marked as unconfirmed.
    """

    def entry(one: Listed) -> File:
        path = folder / one.path
        found = one.sha256 or sha256(path)
        return File(one.path, path.stat().st_size, found, confirmed=one.sha256 is not None)

    return in_parallel(entry, files)
