"""Free space, and who uses the rest."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from zagent import text
from zagent.errors import NotEnoughSpace
from zagent.volume.layout import Layout

RESERVE = 256 * 1024 * 1024
"""Bytes always left free, so that a full disk can still take a manifest, a log line, a repair."""


@dataclass(frozen=True)
class Space:
    """Bytes of a filesystem: its size, and what this user may still write."""

    size: int
    free: int


@dataclass(frozen=True)
class Use:
    """What lies below one folder of the data root: its name there and its bytes on disk."""

    name: str
    size: int


def of(path: Path) -> Space:
    """The space of the filesystem that ``path`` lies on."""
    found = os.statvfs(path)
    return Space(found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize)


def require(path: Path, needed: int, reserve: int = RESERVE) -> None:
    """Make sure that ``needed`` more bytes fit below ``path``.

    The reserve shrinks with a small filesystem to a hundredth of its size.

    Raises:
        NotEnoughSpace: they do not, with both figures.
    """
    space = of(path)
    wanted = needed + min(reserve, space.size // 100)
    if needed and space.free < wanted:
        raise NotEnoughSpace(path=path, free=text.size(space.free), needed=text.size(wanted))


def users(layout: Layout, cache: Path) -> list[Use]:
    """Who uses the data root, biggest first: each model, each user, zagent itself, and whatever else is there."""
    models = _children(cache / "models")
    people = _children(layout.root / "users")
    known = {cache, layout.root / "users"}
    rest = [one for one in _children(layout.root) if one not in known and one not in cache.parents]
    uses = [Use(_name(one, layout.root), used(one)) for one in (*models, *people, *rest)]
    return sorted((use for use in uses if use.size), key=lambda use: -use.size)


def _name(path: Path, root: Path) -> str:
    return str(path.relative_to(root) if path.is_relative_to(root) else path)


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def used(path: Path) -> int:
    """The bytes that ``path`` and all below it take on disk, however deep; what can't be read counts as nothing."""
    total, left = 0, [path]
    while left:
        one = left.pop()
        try:
            found = one.lstat()
        except OSError:
            continue
        total += found.st_blocks * 512
        if stat.S_ISDIR(found.st_mode):
            left += _children(one)
    return total
