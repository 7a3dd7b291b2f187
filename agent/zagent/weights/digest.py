"""SHA-256 of files, several at a time."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from zagent.weights.manifest import File
from zagent.weights.needed import Listed
from zagent.weights.reading import read_from_disk

WORKERS = 8
"""Files at a time at most, however many cores: with their buffers they stay under 100 MB."""

T = TypeVar("T")
R = TypeVar("R")
OnBytes = Callable[[int], None]


def sha256(path: Path, on_bytes: OnBytes = lambda count: None) -> str:
    """The SHA-256 of a file in hex, read from the disk and not from memory.

    Raises:
        OSError: it can't be opened, or a block can't be read.
    """
    found = hashlib.sha256()
    for chunk in read_from_disk(path):
        found.update(chunk)
        on_bytes(len(chunk))
    return found.hexdigest()


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
