"""``zagent status``: every row, in the order in which one explains the next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

from zagent.doctor.check import Finding, broken, warning
from zagent.errors import ZagentError, from_os_error
from zagent.protect import contents, destinations, record
from zagent.protect.destinations import Destination
from zagent.settings import Settings
from zagent.status import backups, place, timers, weights
from zagent.status.row import Row
from zagent.user import user_name
from zagent.volume import guard, trend
from zagent.volume.layout import Layout
from zagent.volume.marker import Marker
from zagent.weights.store import Store


def look(settings: Settings) -> list[Row]:
    """Look at everything; only the trend's sample is written, where this user may."""
    try:
        marker = guard.identify(settings.data_root)
    except ZagentError as error:
        return [Row("data root", broken(error), {"path": settings.data_root}), *timers.timers([])]
    trend.sample(settings.layout)
    return _rows(settings, marker, datetime.now(timezone.utc))


def _rows(settings: Settings, marker: Marker, now: datetime) -> list[Row]:
    layout, store = settings.layout, Store(settings)
    known, listed = _known(layout)
    has_copy = None if listed else any(record.read(layout, one.name).success for one in known)
    return [
        place.data_root(layout.root, marker, has_copy=has_copy),
        *weights.weights(store, now),
        *(listed or backups.backups(layout, known, contents.sets(store, marker.data_id), now)),
        *(place.people(layout, known) if not listed else ()),
        *timers.timers(known),
        place.free(layout, marker, now),
    ]


def _known(layout: Layout) -> tuple[Sequence[Destination], list[Row]]:
    """The destinations; a row instead where their list can't be read."""
    try:
        return destinations.known(layout), []
    except ZagentError as error:
        return [], [Row("backup", broken(error))]
    except PermissionError:
        line = f"what is noted of backups is not for {user_name()} to read"
        return [], [Row("backup", warning(line, "sudo zagent status"))]
    except OSError as error:
        return [], [Row("backup", broken(from_os_error(error, destinations.path(layout))))]


def worst(rows: Sequence[Row]) -> Finding | None:
    """The first error, else the first warning; None where all is well. Pure."""
    findings = [one.finding for one in rows]
    return next((one for level in ("error", "warning") for one in findings if one.severity == level), None)
