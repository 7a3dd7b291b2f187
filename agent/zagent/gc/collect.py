"""``zagent gc``: look, and delete what was looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path

from zagent import erase, lock, points
from zagent.gc import caches, mirrors, models, superseded
from zagent.gc.items import Item
from zagent.protect import destinations
from zagent.settings import Settings
from zagent.volume import guard
from zagent.volume.layout import Layout
from zagent.weights import leftovers
from zagent.weights.store import Store

DOING = "zagent gc"


def look(settings: Settings) -> list[Item]:
    """What can go, by kind and path; nothing is changed.

    Raises:
        VolumeError: the data root is not proved.
        CacheElsewhere: the cache is not on the data root.
    """
    guard.identify(settings.data_root)
    Store(settings).require_on_data_root()
    return _found(settings, leftovers.models(Store(settings)))


def _found(settings: Settings, names: list[str]) -> list[Item]:
    layout = settings.layout
    return [
        *models.partials(settings, names),
        *models.orphans(settings, names),
        *superseded.superseded(settings, names),
        *caches.caches(layout, datetime.now(timezone.utc)),
        *mirrors.mirrors(layout),
    ]


def collect(settings: Settings, chosen: Sequence[Item]) -> list[Item]:
    """Delete those of ``chosen``, which a person has seen, that can still go; returns them.

    Safety contract: only below a proved data root and below mirrors that are set up there; only what ``look`` finds
    once more while this process holds the lock of every model in the cache, and that of each mirror it deletes from,
    so that no living pull, backup or restore loses anything; nothing that was not shown; through no link; and a
    file that a manifest names only after the manifest names it no more.

    Raises:
        VolumeError: the data root is not proved, or takes no writes; a full one does, to this end.
        CacheElsewhere: the cache is not on the data root.
        ModelBusy: something changes a model or a mirror; nothing was deleted.
        OSError: something could not be deleted; all else was.
    """
    with ExitStack() as held:
        names = held.enter_context(leftovers.alone(settings, DOING))
        for folder in _mirrors(settings.layout, chosen):
            held.enter_context(lock.held(folder / ".lock", str(folder), DOING))
        points.reached("gc:locked")
        found = _found(settings, names)
        still = {(one.kind, one.path) for one in found}
        doomed = superseded.whole_components([one for one in chosen if (one.kind, one.path) in still], found)
        named = [one for one in doomed if one.kind == "superseded"]
        failed = list(_delete([one for one in doomed if one not in named]))  # first: a manifest may need the room
        superseded.let_go(settings, named)
        if failed := [*failed, *_delete(named)]:
            raise failed[0]
    return doomed


def _mirrors(layout: Layout, chosen: Sequence[Item]) -> list[Path]:
    bases = {one.base for one in chosen}
    return [one.folder for one in destinations.known(layout) if one.kind == "mirror" and one.folder in bases]


def _delete(doomed: Sequence[Item]) -> Iterator[OSError]:
    for one in doomed:
        try:
            erase.below(one.base, one.path)
        except OSError as error:
            error.filename = str(one.path)
            yield error
        points.reached("gc:deleted")
