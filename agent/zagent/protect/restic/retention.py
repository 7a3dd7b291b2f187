"""Which snapshots may go. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

PROVED = "proved"
"""The tag of a snapshot whose weights were compared with their manifests while they were read."""

DAYS = 7
"""Of how many days the newest snapshot stays."""


@dataclass(frozen=True, order=True)
class Snapshot:
    """A state that a repository holds; ``host`` is the data id of its data root, ``time`` has a zone.

    ``paths`` are the files and folders that were named when it was made.
    """

    time: datetime
    id: str
    host: str = ""
    tags: frozenset[str] = field(default=frozenset(), compare=False)
    paths: tuple[str, ...] = field(default=(), compare=False)

    @property
    def proved(self) -> bool:
        """Whether its weights were proved."""
        return PROVED in self.tags


def newest(snapshots: Iterable[Snapshot], now: datetime) -> Snapshot | None:
    """The last one that was made, as far as can be known; None where there are none.

    One that is dated ahead of ``now`` is from a clock that was wrong, and only counts where there is no other: else
    it would be the newest for years.
    """
    found = list(snapshots)
    return max([one for one in found if one.time <= now] or found, default=None)


def forgotten(snapshots: Sequence[Snapshot], now: datetime, days: int = DAYS) -> list[Snapshot]:
    """The snapshots of one data root that may go, oldest first.

    What stays: the newest proved one of each of the last ``days`` days *on which there is one*, however long the
    machine was off; everything that is dated ahead of ``now`` (a clock was wrong, so nothing follows from its date),
    and so the newest proved one whatever any clock says; and of what is not proved, the newest of as many days, as long
    as no proved one is newer.
    """
    past = [one for one in snapshots if one.proved and one.time <= now]
    last = max(past, default=None)
    waiting = [one for one in snapshots if not one.proved and one.time <= now and (last is None or one > last)]
    kept = {*_daily(past, days), *_daily(waiting, days)}
    kept |= {one for one in snapshots if one.time > now}
    kept |= {last} if last else set()  # where zones differ its date need not be the last
    return sorted(one for one in snapshots if one not in kept)


def _daily(snapshots: Sequence[Snapshot], days: int) -> Iterator[Snapshot]:
    """The newest of each of the last days on which there is one."""
    for date in sorted({one.time.date() for one in snapshots})[-days:]:
        yield max(one for one in snapshots if one.time.date() == date)
