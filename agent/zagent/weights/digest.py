"""SHA-256 of files, several at a time."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import TypeVar

from zagent.weights.manifest import File
from zagent.weights.needed import Listed
from zagent.weights.reading import read_from_disk

WORKERS = 8
"""Files at a time at most, however many cores: with their buffers they stay under 100 MB."""

BAD_BLOCKS = frozenset({errno.EIO, errno.EUCLEAN, errno.EBADMSG})
"""What filesystems answer where the disk can't read."""

_given_up = Event()
"""Set while threads that hash for a result nobody waits for any more should end."""

T = TypeVar("T")
R = TypeVar("R")
OnBytes = Callable[[int], None]


def sha256(path: Path, on_bytes: OnBytes = lambda count: None) -> str:
    """The SHA-256 of a file in hex, read from the disk and not from memory.

    Raises:
        OSError: it can't be opened, or a block can't be read.
    """
    found = hashlib.sha256()
    for _ in passing(read_from_disk(path), found, on_bytes):
        pass
    return found.hexdigest()


def passing(pieces: Iterable[memoryview], found: hashlib._Hash, on_bytes: OnBytes) -> Iterator[memoryview]:
    """The pieces, each once ``found`` has taken it in, for as long as somebody waits for the result."""
    for piece in pieces:
        go_on()
        found.update(piece)
        yield piece
        on_bytes(len(piece))


def sha256_or_none(path: Path) -> str | None:
    """The same, None where the disk can't read the file: that is mended by writing it anew.

    Raises:
        OSError: any other.
    """
    try:
        return sha256(path)
    except OSError as error:
        if error.errno in BAD_BLOCKS:
            return None
        raise


def go_on() -> None:
    """For whatever ``in_parallel`` runs, between two pieces of work.

    Raises:
        InterruptedError: nobody waits for the result any more.
    """
    if _given_up.is_set():
        raise InterruptedError("given up, as another file failed")


def in_parallel(work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Do ``work`` for every item, one a core at a time; hashing and reading leave the GIL free.

    An error, or Ctrl-C, also ends the hashing of the other files: a shard of 10 GB is not worth waiting for.
    """
    pool = ThreadPoolExecutor(max_workers=min(cores(), WORKERS))
    try:
        return list(pool.map(work, items))
    except BaseException:
        _given_up.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        _given_up.clear()


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
