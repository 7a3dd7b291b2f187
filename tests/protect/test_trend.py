"""The free space over time: what a line through the samples says, which are kept, and that noting one never fails."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from zagent.volume import marker, space, trend
from zagent.volume.layout import Layout
from zagent.volume.trend import Sample, days_until_full, dump, kept, parse

from tests.filesystems.conftest import bench
from tests.filesystems.disks import Bench, adopted, another_user, everything, fill, run
from tests.protect.place import Place

__all__ = ["bench"]

GB = 10**9
NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
SINCE = NOW - timedelta(days=100)
DAY = timedelta(days=1)


def series(*free: float, until: datetime = NOW, step: timedelta = DAY) -> list[Sample]:
    """Samples of so many GB, ``step`` apart, the last of them at ``until``."""
    return [Sample(until - step * (len(free) - 1 - at), round(one * GB)) for at, one in enumerate(free)]


@pytest.mark.parametrize(
    ("samples", "days"),
    [
        ([], None),
        (series(50), None),
        (series(60, 50), 5),
        (series(50, 60), None),
        (series(50, 50, 50), None),
        (series(60, 40, 50), 10),
        (series(100, 98, 96, 94, 92), 46),
        (series(10, 5, 0), 0),
        (series(60, 50, step=timedelta(hours=2)), None),
        (series(60, 50, step=timedelta(hours=24)), 5),
        (series(60, 50, step=timedelta(hours=23)), None),
        (series(500, 60, 50, 40, step=5 * DAY), 20),
        (series(60, 50, until=NOW - 20 * DAY), None),
        ([*series(60, 50), *series(900, 800, until=NOW + 9 * DAY)], 5),
        ([*series(60, 50), Sample(NOW + timedelta(seconds=1), GB)], 5),
        ([Sample(datetime(1970, 1, 1, tzinfo=timezone.utc), GB), *series(60, 50)], 5),
        (series(60, 50)[::-1], 5),
        ([Sample(NOW, GB)] * 3, None),
    ],
)
def test_the_line_through_the_samples(samples: list[Sample], days: float | None) -> None:
    """None without a day between first and last, or where it does not shrink; wrong clocks and old samples are out."""
    assert days_until_full(samples, NOW, SINCE) == (days if days is None else pytest.approx(days))


def test_what_was_before_the_data_root_says_nothing() -> None:
    """Such a date can only be a clock's fault."""
    samples = series(90, 60, 50)
    assert days_until_full(samples, NOW, SINCE) == pytest.approx(2.5)
    assert days_until_full(samples, NOW, NOW - DAY) == pytest.approx(5)


def test_samples_are_an_hour_apart_and_sixty() -> None:
    """The oldest goes first."""
    known = series(*range(60))
    later = Sample(NOW + trend.LEAST_GAP, GB)
    assert kept(known, Sample(NOW + trend.LEAST_GAP - timedelta(seconds=1), GB), SINCE) is None
    assert kept(known, later, SINCE) == [*known[1:], later]
    assert kept([], later, SINCE) == [later]


def test_a_clock_that_was_ahead_stops_nothing() -> None:
    """Its samples are the first to go, but not before there are too many: the clock of now may be the wrong one."""
    ahead = Sample(NOW + 9 * DAY, GB)
    new = Sample(NOW + 2 * trend.LEAST_GAP, GB)
    assert kept([*series(1, 2), ahead], new, SINCE) == [ahead, *series(1, 2), new]
    assert kept([*series(*range(59)), ahead], new, SINCE) == [*series(*range(59)), new]


def test_a_clock_that_is_behind_the_data_root_notes_nothing() -> None:
    """As after a boot without a battery."""
    assert kept([], Sample(SINCE - DAY, GB), SINCE) is None


def test_what_is_written_is_what_is_read() -> None:
    """Byte for byte again, too."""
    assert parse(dump(series(3, 2, 1))) == series(3, 2, 1)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"schema": 2, "samples": []}', b'{"schema": 1, "samples": [{}]}']
)
def test_what_is_no_list_of_samples_counts_as_none(place: Place, content: bytes) -> None:
    """It is made anew."""
    layout = Layout(place.root)
    trend.folder(layout).mkdir()
    trend.path(layout).write_bytes(content)
    assert trend.read(layout) == []
    trend.sample(layout)
    assert len(trend.read(layout)) == 1


@pytest.mark.parametrize("words", [["status"], ["verify"], ["backup"]])
def test_commands_note_how_much_is_free(mirrored: Place, words: list[str]) -> None:
    """Once in an hour, whatever runs in it."""
    place = mirrored
    trend.path(Layout(place.root)).unlink()
    place.said(*words)
    (found,) = trend.read(Layout(place.root))
    assert 0 < found.free <= space.of(place.root).size
    place.said(*words)
    assert trend.read(Layout(place.root)) == [found]


def test_nothing_is_noted_where_there_is_no_data_root(tmp_path: Path) -> None:
    """A folder that only has the place of one stays empty."""
    trend.sample(Layout(tmp_path / "nothing"))
    empty = tmp_path / "empty"
    empty.mkdir()
    trend.sample(Layout(empty))
    assert list(empty.iterdir()) == []


def test_a_marker_without_a_time_is_no_failure(place: Place) -> None:
    """Nobody came for the sample."""
    found = place.root / ".zagent/volume.json"
    found.write_text(found.read_text().replace('"created": "2', '"created": "once in 2'))
    trend.sample(Layout(place.root))
    assert trend.read(Layout(place.root)) == []


@pytest.mark.root
def test_who_may_not_write_notes_nothing(place: Place) -> None:
    """And nothing fails; root makes the folder for whoever keeps the weights, so that timers can write there."""
    for one in (place.root, *place.root.parents[:3]):
        one.chmod(0o755)
    before = everything(place.root)
    with another_user():
        trend.sample(Layout(place.root))
    assert everything(place.root) == before
    os.chown(Layout(place.root).manifests, 65534, 65534)
    trend.sample(Layout(place.root))
    assert trend.folder(Layout(place.root)).stat().st_uid == 65534


@pytest.mark.root
def test_a_full_or_read_only_disk_notes_nothing(bench: Bench) -> None:
    """What was there stays."""
    volume = bench.disk("ext4", "16M")
    layout = Layout(adopted(volume.folder))
    trend.sample(layout)
    noted = trend.read(layout)
    assert len(noted) == 1
    before = dump([Sample(noted[0].at - DAY, 1)])
    trend.path(layout).write_bytes(before)
    replaced = marker.read(layout)
    assert replaced
    marker.write(layout.root, replace(replaced, created=(noted[0].at - 2 * DAY).isoformat()))
    fill(volume.folder)
    trend.sample(layout)
    run("mount", "-o", "remount,ro", volume.folder)
    trend.sample(layout)
    assert trend.path(layout).read_bytes() == before
