"""Files that are still coming: what the hub's library calls them, and how their bytes are counted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from zagent import points
from zagent.weights.needed import Listed

OnBytes = Callable[[int], None]
"""Told the bytes that arrived, or with a negative number those that must come again."""


def partial(path: Path) -> Path:
    """What the library calls a file that is still coming; it resumes from it."""
    return path.with_name(path.name + ".incomplete")


def partial_bytes(folder: Path, listed: Listed) -> int:
    """The bytes of a file that an earlier try left; one that is too long is of no use, and the library drops it."""
    path = partial(folder / listed.path)
    size = path.stat().st_size if path.is_file() else 0
    return size if size <= listed.size else 0


def meter(folder: Path, counted: dict[str, int], on_bytes: OnBytes) -> type:
    """The class of which the library makes one each time it begins a file.

    ``counted`` holds, for each path, the bytes that the listener counts as done: at first those on the disk.
    """

    class Meter:
        """Tells a file's bytes, but not again those that lay on the disk: the library reports them first."""

        def __init__(self, path: str, size: int) -> None:
            self._path = path
            self._known = partial_bytes(folder, Listed(path, size))
            on_bytes(self._known - counted[path])  # below zero when what came was wrong, and was dropped
            counted[path] = self._known
            points.reached("pull:file-opened")

        def update(self, size: int) -> None:
            known, self._known = self._known, 0
            if not known or size < 0:
                counted[self._path] += size
                on_bytes(size)
            points.reached("pull:bytes-arrived")

        def end(self) -> None:
            points.reached("pull:file-finished")

    return Meter
