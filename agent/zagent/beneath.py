"""Folders below one that others may write in, by handle: no link leads elsewhere, whenever it was put there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """A handle of the folder ``path``, where nobody else has a hand in the way there: links are followed.

    Raises:
        OSError: it is none, or can't be read.
    """
    handle = os.open(path, _FOLDER)
    try:
        yield handle
    finally:
        os.close(handle)


@contextmanager
def entered(folder: int, *names: str) -> Iterator[int]:
    """A handle of the folder that is reached from the handle ``folder`` by ``names``, one within the other.

    Raises:
        NotADirectoryError: one of them is a link, or else no folder.
        OSError: one of them is missing, or can't be read.
    """
    handle = os.dup(folder)
    try:
        for one in names:
            inner = os.open(one, _FOLDER | os.O_NOFOLLOW, dir_fd=handle)
            os.close(handle)
            handle = inner
        yield handle
    finally:
        os.close(handle)
