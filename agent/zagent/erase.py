"""Deleting something below a folder that others may write in: no link leads it elsewhere."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from zagent import beneath


def below(base: Path, path: Path) -> None:
    """Delete ``path``, a file or a folder with all in it, which lies below ``base``; nothing where it is gone.

    A link is deleted itself, never what it leads to; where one stands on the way from ``base`` nothing is deleted.

    Raises:
        OSError: it can't be deleted, or a folder on the way is a link now.
    """
    *parents, name = path.relative_to(base).parts
    with beneath.opened(base) as top, suppress(FileNotFoundError), beneath.entered(top, *parents) as folder:
        within(folder, name)


def within(folder: int, name: str) -> None:
    """Delete what has this name in the folder of a handle, as ``below`` does.

    How deep it goes is up to whoever made it, so each folder is entered from the top, and few are open at once.

    Raises:
        OSError: it can't be deleted, or is not there.
    """
    if not stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        os.unlink(name, dir_fd=folder)
        return
    waiting: list[tuple[str, ...]] = [(name,)]
    while waiting:
        at = waiting[-1]
        with beneath.entered(folder, *at[:-1]) as parent:
            if inner := _emptied(parent, at[-1]):
                waiting += [(*at, one) for one in inner]
            else:
                os.rmdir(at[-1], dir_fd=parent)
                waiting.pop()


def _emptied(parent: int, name: str) -> list[str]:
    """Delete all that is no folder in this one; the names of the folders in it."""
    with beneath.entered(parent, name) as folder, os.scandir(folder) as found:
        there = {one.name: one.is_dir(follow_symlinks=False) for one in found}
        for one, is_folder in there.items():
            if not is_folder:
                os.unlink(one, dir_fd=folder)
    return [one for one, is_folder in there.items() if is_folder]
