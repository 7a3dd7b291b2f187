"""Deleting something below a folder that others may write in: no link leads it elsewhere."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def below(base: Path, path: Path) -> None:
    """Delete ``path``, a file or a folder with all in it, which lies below ``base``; nothing where it is gone.

    A link is deleted itself, never what it leads to; where one stands on the way from ``base`` nothing is deleted.

    Raises:
        OSError: it can't be deleted, or a folder on the way is a link now.
    """
    *parents, name = path.relative_to(base).parts
    handle = os.open(base, _FOLDER)
    try:
        with suppress(FileNotFoundError):
            for one in parents:
                inner = os.open(one, _FOLDER | os.O_NOFOLLOW, dir_fd=handle)
                os.close(handle)
                handle = inner
            _delete(name, handle)
    finally:
        os.close(handle)


def _delete(name: str, folder: int) -> None:
    if not stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        os.unlink(name, dir_fd=folder)
        return
    for _, folders, names, handle in os.fwalk(name, topdown=False, dir_fd=folder):
        for one in names:
            os.unlink(one, dir_fd=handle)
        for one in folders:
            _delete_empty(one, handle)
    os.rmdir(name, dir_fd=folder)


def _delete_empty(name: str, folder: int) -> None:
    """A link to a folder counts as one while a tree is walked."""
    try:
        os.rmdir(name, dir_fd=folder)
    except NotADirectoryError:
        os.unlink(name, dir_fd=folder)
