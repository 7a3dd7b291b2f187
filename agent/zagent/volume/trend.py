"""The free space over time: a few samples on the data root, and when it will be used up."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from zagent import durable
from zagent.errors import ZagentError
from zagent.volume import guard, space
from zagent.volume.layout import Layout

SCHEMA = 1

LEAST_GAP = timedelta(hours=1)
"""Between two samples."""

MOST = 60
"""Samples that are kept."""

WINDOW = timedelta(days=14)
"""What counts for the trend."""

LEAST_SPAN = timedelta(days=1)
"""Between the first sample and the last, or it is no trend."""

DAY = timedelta(days=1)


@dataclass(frozen=True, order=True)
class Sample:
    """The bytes that were free at a moment, which has a time zone."""

    at: datetime
    free: int


def days_until_full(samples: Iterable[Sample], now: datetime, since: datetime) -> float | None:
    """Days from the last sample until nothing is free, by the least-squares line of the last WINDOW. Pure.

    None where it does not shrink, or too little is known. Samples dated after ``now`` or before ``since``, when the
    data root was adopted, are of a clock that was wrong, and say nothing.
    """
    known = sorted(one for one in _believable(samples, now, since) if now - one.at <= WINDOW)
    if not known or known[-1].at - known[0].at < LEAST_SPAN:
        return None
    slope = _slope([((one.at - known[0].at) / DAY, one.free) for one in known])
    return known[-1].free / -slope if slope < 0 else None


def _slope(points: Sequence[tuple[float, float]]) -> float:
    """The least-squares line's, in y per x; the x are not all equal. Pure."""
    mean_x = sum(x for x, _ in points) / len(points)
    return sum((x - mean_x) * y for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)


def _believable(samples: Iterable[Sample], now: datetime, since: datetime) -> list[Sample]:
    return [one for one in samples if since <= one.at <= now]


def kept(samples: Iterable[Sample], new: Sample, since: datetime) -> list[Sample] | None:
    """What to keep with a new sample; None where it is not worth one yet. Pure.

    Of too many the unbelievable go first. They are not dropped at once: it may be the clock of now that is wrong.
    """
    good = sorted(_believable(samples, new.at, since))
    if new.at < since or (good and new.at - good[-1].at < LEAST_GAP):
        return None
    strange = sorted(set(samples) - set(good))
    return [*strange, *good, new][-MOST:]


def folder(layout: Layout) -> Path:
    """A folder of its own, so that services may write there and nowhere else in zagent's."""
    return layout.own / "space"


def path(layout: Layout) -> Path:
    """The file of the samples."""
    return folder(layout) / "free.json"


def read(layout: Layout) -> list[Sample]:
    """The samples; none where there are none that this version understands."""
    try:
        return parse(path(layout).read_bytes())
    except (OSError, ValueError, TypeError, KeyError):
        return []


def parse(content: bytes) -> list[Sample]:
    """Understand the file's bytes. Pure.

    Raises:
        ValueError, TypeError, KeyError: they are none.
    """
    found = json.loads(content)
    if found["schema"] != SCHEMA:
        raise ValueError("another schema")
    return [_sample(**one) for one in found["samples"]]


def _sample(at: str, free: int) -> Sample:
    moment = datetime.fromisoformat(at)
    if moment.tzinfo is None or type(free) is not int:
        raise ValueError("no time with its zone, or no number of bytes")
    return Sample(moment, free)


def dump(samples: Iterable[Sample]) -> bytes:
    """The file's bytes. Pure."""
    content = [{"at": one.at.isoformat(), "free": one.free} for one in samples]
    return (json.dumps({"schema": SCHEMA, "samples": content}) + "\n").encode()


def sample(layout: Layout) -> None:
    """Note how much is free, once in LEAST_GAP, where this user may; never raises, for nobody came for it."""
    with suppress(OSError, ZagentError, ValueError):
        marker = guard.identify(layout.root)
        new = Sample(datetime.now(timezone.utc), space.of(layout.root).free)
        if samples := kept(read(layout), new, datetime.fromisoformat(marker.created)):
            _make(layout)
            durable.write(path(layout), dump(samples))


def _make(layout: Layout) -> None:
    """Root makes the folder for whoever keeps the weights: timers run as that user, too."""
    if not folder(layout).is_dir():
        durable.make_folder(folder(layout))
        if os.geteuid() == 0 and layout.manifests.is_dir():
            owner = layout.manifests.stat()
            os.chown(folder(layout), owner.st_uid, owner.st_gid)
