"""What dead downloads and dead writers leave below the data root, found and swept."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

from zagent import durable, lock
from zagent.errors import VolumeFull
from zagent.settings import Settings
from zagent.volume import guard
from zagent.volume.layout import Layout, folder_name
from zagent.weights.model import DEFAULT_MODEL
from zagent.weights.store import Store

_LEFT = re.compile(r"\.(json|jinja|txt|safetensors)(\.incomplete|\.parallel_tmp)$|\.safetensors_\d+_\d+$")
"""How names end that the hub's library leaves when it is killed, also while it fetches one large file in parts."""

BEING_WRITTEN = timedelta(hours=1)
"""A temp file in zagent's own folder younger than this may be one that is being written: no lock is held for it."""


def is_partial(path: Path) -> bool:
    """Whether ``path`` is what a dead download or a dead writer left."""
    return durable.is_leftover(path) or bool(_LEFT.search(path.name))


def leftovers(settings: Settings) -> list[Path]:
    """Every partial file in zagent's own folder and the cache's."""
    return below(settings, models(Store(settings)))


def below(settings: Settings, names: list[str]) -> list[Path]:
    """Every old partial file in zagent's own folder, and all in those of the models with these folder names."""
    cache = Store(settings).cache / "models"
    own = (path for path in _partial(settings.layout.own) if not _is_young(path))
    return sorted([*own, *(path for name in names for path in _partial(cache / name))])


def _partial(folder: Path) -> Iterator[Path]:
    """By their names first: the data root's own folder holds thousands of files of the runtime."""
    found = (path for path in folder.rglob("*") if is_partial(path))
    return (path for path in found if path.is_file() and not path.is_symlink())


def _is_young(path: Path) -> bool:
    """Also what is gone by now."""
    try:
        return time.time() - path.lstat().st_mtime < BEING_WRITTEN.total_seconds()
    except OSError:
        return True


def sweep(settings: Settings) -> list[Path]:
    """Delete the partial files; returns what went.

    Safety contract: only below a proved data root; only files with names that a dead download or writer leaves; and
    only while this process holds the lock of every model in the cache, so that no living pull loses its own; in
    zagent's own folder, for which no lock is held, only those that nobody has written for an hour.

    Raises:
        VolumeError: the data root is not proved, or takes no writes.
        CacheElsewhere: the cache is not on the data root.
        ModelBusy: a pull is running, of whichever model.
    """
    with alone(settings, "zagent doctor --fix") as names:
        found = below(settings, names)  # not of a newer pull
        for path in found:
            path.unlink(missing_ok=True)
    return found


@contextmanager
def alone(settings: Settings, doing: str) -> Iterator[list[str]]:
    """Hold the lock of every model in the cache, on a proved data root; yields the folder names of those models.

    Raises:
        VolumeError: the data root is not proved, or takes no writes.
        CacheElsewhere: the cache is not on the data root.
        ModelBusy: one of them changes.
    """
    layout, store = settings.layout, Store(settings)
    guard.identify(layout.root)
    store.require_on_data_root()
    _guard(layout, store)
    durable.make_folder(layout.locks)
    names = models(store)
    with ExitStack() as locks:
        for name in names:
            locks.enter_context(lock.held(layout.lock(name), name.replace("--", "/", 1), doing))
        yield names


def _guard(layout: Layout, store: Store) -> None:
    """A full disk is no reason to refuse, if a pull was here before: freeing it is what helps then."""
    try:
        guard.guard(layout.root, layout.locks, store.cache)
    except VolumeFull:
        if not layout.locks.is_dir():
            raise


def models(store: Store) -> list[str]:
    """The folder names of all models in the cache, that of the usual one always among them."""
    folders = (store.cache / "models").glob("*")
    return sorted({folder_name(DEFAULT_MODEL), *(one.name for one in folders if one.is_dir())})
