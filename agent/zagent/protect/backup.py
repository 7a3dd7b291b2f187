"""``zagent backup``: bring a destination up to date, proving every byte that is copied."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from zagent import lock
from zagent.errors import ZagentError
from zagent.protect import contents, engines, record
from zagent.protect.contents import Contents
from zagent.protect.destinations import Destination
from zagent.protect.engine import DOING
from zagent.protect.record import Checked, Record, Run
from zagent.volume import guard, trend
from zagent.volume.layout import Layout
from zagent.weights.progress import Progress
from zagent.weights.store import Store

NOTHING_WRITES = frozenset({errno.EROFS, errno.ENOSPC})
"""What opening a lock says on a data root that nobody can write."""


@dataclass(frozen=True)
class Backed:
    """What a run did: the sets that the destination holds now, and the bytes that had to be copied."""

    destination: Destination
    sets: dict[str, str]
    copied: int


def backup(store: Store, destination: Destination, progress: Progress) -> Backed:
    """Bring one destination up to date; seconds where nothing changed.

    The data root need not take writes: a disk that is dying is the one to copy from. How it ended is noted where
    that can be.

    Raises:
        VolumeError: the data root is not proved.
        ProtectError: the source is damaged, the destination is missing or has no room; what it held it still holds.
    """
    layout, began = store.settings.layout, record.now()
    marker = guard.identify(layout.root)
    known = record.read(layout, destination.name)
    suspect = known.check.bad if known.check else {}
    try:
        what = contents.of(store, marker.data_id)
        with unchanged(layout, what):
            copied = engines.engine(layout, destination).keep(what, suspect, progress)
    except ZagentError as error:
        note(layout, destination, known.after(Run(began, error.message, error.exit_code)), progress)
        raise
    done = Run(began, sets=what.sets, copied=copied)
    note(layout, destination, replace(known, check=_mended(known.check)).after(done), progress)
    return Backed(destination, what.sets, copied)


def check(store: Store, destination: Destination, progress: Progress, *, full: bool) -> Checked:
    """Read a destination back, the next of its parts or all; what is bad the next backup copies again.

    Raises:
        ProtectError: it can't be read.
    """
    layout, began = store.settings.layout, record.now()
    known = record.read(layout, destination.name)
    part = None if full else (known.check.part + 1 if known.check else 0) % engines.PARTS
    bad = engines.engine(layout, destination).check(part, progress)
    still = {} if full or known.check is None else known.check.bad
    both = {model: tuple(sorted({*still.get(model, ()), *bad.get(model, ())})) for model in {*still, *bad}}
    found = Checked(began, engines.PARTS - 1 if part is None else part, both)
    note(layout, destination, replace(known, check=found), progress)
    return found


@contextmanager
def unchanged(layout: Layout, what: Contents) -> Iterator[None]:
    """Hold the lock of every model, so that no pull changes it meanwhile; where nobody can write none is needed.

    Raises:
        ModelBusy: a pull is running.
    """
    with ExitStack() as locks:
        for name in sorted({one.model.id for one in what.weights}):
            try:
                locks.enter_context(lock.held(layout.lock(name), name, DOING))
            except OSError as error:
                if error.errno not in NOTHING_WRITES:
                    raise
        yield


def _mended(checked: Checked | None) -> Checked | None:
    """What was bad has been copied anew."""
    return replace(checked, bad={}) if checked else None


def note(layout: Layout, destination: Destination, outcome: Record, progress: Progress) -> None:
    """Write a destination's record, where that can be; only now anything else, for the disk may be dying."""
    try:
        record.write(layout, destination.name, outcome)
    except OSError as error:
        progress.say(f"how it ended was not noted in {layout.backups}: {error.strerror}")
    trend.sample(layout)
