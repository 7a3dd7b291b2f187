"""Compile caches that nobody used for long: they are made again when they are missed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

from zagent.gc.items import Item, item
from zagent.volume.layout import Layout

UNUSED = timedelta(days=30)
"""For so long nothing in it was written or, where the filesystem notes that, read."""

NAMES = ("torchinductor", "triton", "cuda")
"""Those that the launcher of a host sets (infra/bootstrap/launcher.py), in each user's cache and the services'."""


def caches(layout: Layout, now: datetime) -> Iterator[Item]:
    """Each compile cache on the data root that was not used for UNUSED; links and other disks are passed over."""
    found = [(base, path) for base, users in _places(layout) for name in NAMES for path in base.glob(f"{users}/{name}")]
    for base, path in sorted(found):
        if _is_plain(base, path) and path.lstat().st_dev == layout.root.stat().st_dev and now - _used(path) > UNUSED:
            yield item("compile cache", base, path)


def _places(layout: Layout) -> list[tuple[Path, str]]:
    return [(layout.people, "*/cache"), (layout.own, "compile-cache/*")]


def _is_plain(base: Path, path: Path) -> bool:
    way = [one for one in (path, *path.parents) if base in one.parents]
    return path.is_dir() and not any(one.is_symlink() for one in way)


def _used(path: Path) -> datetime:
    """When something below was last read or written; looking at a folder counts as reading it, so that does not."""
    moments = [path.lstat().st_mtime]
    for folder, _, names in os.walk(path):
        for one in (Path(folder, name) for name in names):
            with suppress(OSError):  # who deletes beside us uses the cache, and will have written something
                stat = one.lstat()
                moments.append(max(stat.st_atime, stat.st_mtime))
    return datetime.fromtimestamp(max(moments), timezone.utc)
