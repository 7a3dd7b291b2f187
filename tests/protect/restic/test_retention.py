"""Which snapshots may go: cases told in days, and a thousand random histories under broken clocks."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone

import pytest
from zagent.protect.restic.retention import PROVED, Snapshot, forgotten, newest

NOW = datetime(2026, 3, 10, 3, 0, tzinfo=timezone.utc)


def at(days: float, *, proved: bool = True, zone: int = 0) -> Snapshot:
    """One that was made so many days before NOW; ahead of it where they are negative."""
    time = (NOW - timedelta(days=days)).astimezone(timezone(timedelta(hours=zone)))
    return Snapshot(time, f"{days}", "a", frozenset({PROVED} if proved else ()))


def left(*snapshots: Snapshot) -> list[str]:
    """The ids of those that stay, oldest first."""
    gone = forgotten(snapshots, NOW)
    return [one.id for one in sorted(snapshots) if one not in gone]


@pytest.mark.parametrize(
    ("made", "stays"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param(range(10), [6, 5, 4, 3, 2, 1, 0], id="daily: seven"),
        pytest.param([2.1, 2.05, 2.02, 1], [2.02, 1], id="of a day the newest"),
        pytest.param(range(30, 42), [36, 35, 34, 33, 32, 31, 30], id="off for a month: still seven"),
        pytest.param(range(0, 70, 7), [42, 35, 28, 21, 14, 7, 0], id="weekly: seven that there are"),
        pytest.param([400], [400], id="one, however old"),
        pytest.param([*range(8), -1900], [6, 5, 4, 3, 2, 1, 0, -1900], id="dated 2031: pushes none out"),
        pytest.param([-1900, -1899, 1], [1, -1899, -1900], id="all but one from the future"),
    ],
)
def test_proved_ones(made: list[float], stays: list[float]) -> None:
    """What stays, in days before now."""
    assert left(*map(at, made)) == [f"{one}" for one in stays]


def test_unproved_ones_go_once_a_proved_one_is_newer() -> None:
    """Until then they may be the best there is."""
    old, new = at(5, proved=False), at(1, proved=False)
    assert left(old, new) == [old.id, new.id]
    assert left(old, at(3), new) == ["3", new.id]
    assert left(old, new, at(0)) == ["0"]


def test_of_unproved_ones_the_newest_of_a_day_stays() -> None:
    """A file that can't be read for a month costs a snapshot a night, and none of them may push out what is proved."""
    unproved = [at(days, proved=False) for days in (0, 0.01, *range(1, 30))]
    assert left(at(31), *unproved) == ["31", "6", "5", "4", "3", "2", "1", "0"]


def test_a_proved_one_of_the_future_lets_no_real_one_go() -> None:
    """When the clock is right again what is made now is older than it, and yet the newest."""
    assert left(at(-1900), at(1), at(0, proved=False)) == ["1", "0", "-1900"]


def test_the_last_one_is_not_what_a_wrong_clock_says() -> None:
    """Else a snapshot dated 2031 would be restored, compared with and kept from being given up until 2031."""
    assert newest([at(-1900), at(1), at(3)], NOW) == at(1)
    assert newest([at(-1900), at(-1901)], NOW) == at(-1901), "there is no other: now may be what is wrong"
    assert newest([], NOW) is None


def test_the_days_are_those_of_the_clock_that_wrote_them() -> None:
    """Two in one night of UTC may be two days elsewhere: each counts as it says."""
    east = timezone(timedelta(hours=9))
    late, early = NOW.replace(hour=14), NOW.replace(hour=16)
    made = [Snapshot(one.astimezone(east), str(one.hour), "a", frozenset({PROVED})) for one in (late, early)]
    assert forgotten(made, NOW + timedelta(days=1), days=1) == [made[0]]
    assert forgotten(made, NOW + timedelta(days=1), days=2) == []


def test_the_newest_stays_where_another_zone_has_a_later_date() -> None:
    """It is one more than the days ask for."""
    east, utc = at(0.6, zone=12), at(0.5)
    assert east.time.date() > utc.time.date()
    assert forgotten([east, utc], NOW, days=1) == []


def test_whatever_the_clocks_did() -> None:
    """Of each random history: the newest proved one stays, real days keep one each, and a second run takes no more."""
    dice = random.Random(20260310)
    for _ in range(1000):
        made = [
            at(
                dice.choice((1, 1, 1, -700)) * dice.uniform(0, 40),
                proved=dice.random() < 0.7,
                zone=dice.randrange(-12, 13),
            )
            for _ in range(dice.randrange(20))
        ]
        gone = forgotten(made, NOW)
        kept = [one for one in made if one not in gone]
        proved = [one for one in made if one.proved]
        assert not proved or (max(proved) in kept and newest(proved, NOW) in kept)
        real = [one for one in proved if one.time <= NOW]
        for day in sorted({one.time.date() for one in real})[-7:]:
            assert max(one for one in real if one.time.date() == day) in kept
        assert len([one for one in kept if one in real]) <= 8
        assert forgotten(kept, NOW) == []
        assert all(one in kept for one in made if one.time > NOW)
