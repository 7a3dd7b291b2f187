"""``zagent backup``: bring a destination up to date, proving every byte that is copied."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from zagent import lock
from zagent.errors import ZagentError, from_os_error
from zagent.protect import bad as bads
from zagent.protect import contents, engines, record
from zagent.protect.bad import REPOSITORY, Bad
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
        ZagentError: what the operating system says, on either side.
    """
    layout, began = store.settings.layout, record.now()
    marker = guard.identify(layout.root)
    known = record.read(layout, destination.name)
    suspect, trusted = _known_bad(known), known.trusted and _begin(layout, destination, began)
    try:
        with _told():
            what = contents.of(store, marker.data_id)
            with unchanged(layout, what):
                copied = engines.engine(layout, destination).keep(what, suspect, progress, trusted=trusted)
    except ZagentError as error:
        failed = Run(began, error.message, error.exit_code)
        note(layout, destination, lambda now: now.after(failed), progress)
        raise
    done, mended = Run(began, sets=what.sets, copied=copied), _copied_again(suspect, what)
    note(layout, destination, lambda now: _without(now, mended).after(done), progress)
    return Backed(destination, what.sets, copied)


def _begin(layout: Layout, destination: Destination, began: datetime) -> bool:
    """Note that a run begins; whether that could be: else nobody would know that it did not end."""
    try:
        record.change(layout, destination.name, lambda now: replace(now, begun=began))
    except OSError:
        return False
    return True


def _known_bad(known: Record) -> Bad:
    return known.check.bad if known.check else {}


def _copied_again(suspect: Bad, what: Contents) -> Bad:
    """What of ``suspect`` a run has mended that kept ``what``: the destination's own parts, and those sets only.

    A mirror holds other data roots' sets, too, and those of models that are here no more.
    """
    kept = {REPOSITORY, *(bads.key(one.manifest) for one in what.weights)}
    return {name: paths for name, paths in suspect.items() if name in kept}


def _without(known: Record, mended: Bad) -> Record:
    """What another check found meanwhile stays."""
    return replace(known, check=known.check and replace(known.check, bad=bads.minus(known.check.bad, mended)))


def check(store: Store, destination: Destination, progress: Progress, *, full: bool) -> Checked:
    """Read a destination back, the next of its parts or all; what is bad the next backup copies again.

    Raises:
        ProtectError: it can't be read.
        ZagentError: what the operating system says.
    """
    layout, began = store.settings.layout, record.now()
    known = record.read(layout, destination.name)
    part = None if full else (known.check.part + 1 if known.check else 0) % engines.PARTS
    with _told():
        engine = engines.engine(layout, destination)
        bad = engine.check(part, progress)
        healed = bads.minus(_known_bad(known), bad if full else engine.still(_known_bad(known)))
    found = Checked(began, engines.PARTS - 1 if part is None else part, bads.union(bad, {}))
    after = note(layout, destination, lambda now: replace(now, check=_joined(found, now, healed)), progress)
    return after.check or found


def _joined(found: Checked, known: Record, healed: Bad) -> Checked:
    """What a check found, beside what is bad all the same: it read but a part, and others may have noted more."""
    return replace(found, bad=bads.union(found.bad, bads.minus(_known_bad(known), healed)))


@contextmanager
def _told() -> Iterator[None]:
    """The operating system's errors as ours, so that they are noted and keep no other destination from its turn."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.EPIPE:  # nobody listens any more: that is no failure of a copy
            raise
        raise from_os_error(error) from error


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


def note(layout: Layout, destination: Destination, changed: Callable[[Record], Record], progress: Progress) -> Record:
    """Change a destination's record, where that can be; only now anything else, for the disk may be dying."""
    try:
        return record.change(layout, destination.name, changed)
    except OSError as error:
        progress.say(f"how it ended was not noted in {layout.backups}: {error.strerror}")
        return changed(record.read(layout, destination.name))
    finally:
        trend.sample(layout)
