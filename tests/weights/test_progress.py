"""The arithmetic of progress: never above the total, never below nothing, and only the network's bytes count."""

from __future__ import annotations

import pytest
from zagent.weights.progress import Event, Progress

from tests.standin import Corrupt, NoRange, Status, Truncate
from tests.weights import files
from tests.weights.conftest import Site


def counted(interval: float = 0) -> tuple[Progress, list[Event], list[float]]:
    """A counter, its events and a clock to set."""
    events: list[Event] = []
    now = [0.0]
    return Progress(events.append, interval=interval, clock=lambda: now[0]), events, now


def test_rate_and_remaining_time_are_of_this_run() -> None:
    """What lay there before counts as done, but not as speed."""
    progress, events, now = counted()
    progress.begin(total=1000, missing=400)
    now[0] = 2.0
    progress.add(100)
    assert events[0] == {"event": "begin", "total": 1000, "done": 600}
    assert events[1] == {"event": "progress", "done": 700, "total": 1000, "rate": 50.0, "remaining": 6.0}


def test_bytes_taken_back_come_again() -> None:
    """A file that restarts lowers what is done, never below nothing; what arrived stays counted as arrived."""
    progress, events, _ = counted()
    progress.begin(total=100, missing=100)
    for count in (60, -60, -5, 100, 30):
        progress.add(count)
    assert [one["done"] for one in events[1:]] == [60, 0, 0, 100, 100]
    assert progress.downloaded == 190


def test_events_keep_their_distance() -> None:
    """However many pieces arrive, one event an interval is told, and the last one at the end."""
    progress, events, now = counted(interval=1.0)
    progress.begin(total=100, missing=100)
    for at in range(100):
        now[0] = at / 40
        progress.add(1)
    assert [one["done"] for one in events if one["event"] == "progress"] == [41, 81]
    assert progress.end() == 100
    assert events[-1]["event"] == "end"


@pytest.mark.parametrize(
    "fault",
    [None, Corrupt(offset=100_000, times=1), Truncate(after=50_000, times=3), NoRange(), Status(503, times=1)],
    ids=lambda one: str(one),
)
def test_a_transfer_counts_each_byte_once(site: Site, fault: Corrupt | None) -> None:
    """Whatever goes wrong on the way, done ends at the total and never passes it or what is really there."""
    if fault:
        site.hub.faults[files.SHARD] = fault
    done = site.pull()
    total = sum(map(len, files.needed().values()))
    assert all(0 <= one["done"] <= total for one in site.events if "done" in one)
    assert site.events[-1]["done"] == total
    assert done.downloaded >= total
    assert done.downloaded == total or isinstance(fault, Corrupt)


def test_what_lay_half_done_is_counted_once(site: Site) -> None:
    """A resumed file begins as done with what lies there; only the rest counts as downloaded."""
    total, half = sum(map(len, files.needed().values())), 80_000
    partial = site.snapshot / f"{files.SHARD}.incomplete"
    partial.parent.mkdir(parents=True)
    partial.write_bytes(files.needed()[files.SHARD][:half])
    done = site.pull()
    begin = next(one for one in site.events if one["event"] == "begin")
    assert begin["done"] == half
    assert done.downloaded == total - half
    assert site.events[-1]["done"] == total


def test_what_lay_half_done_but_wrong_is_taken_back(site: Site) -> None:
    """A partial file with wrong bytes is found by the hash, fetched anew, and counted right in the end."""
    total, half = sum(map(len, files.needed().values())), 80_000
    partial = site.snapshot / f"{files.SHARD}.incomplete"
    partial.parent.mkdir(parents=True)
    partial.write_bytes(bytes(half))
    done = site.pull()
    assert done.downloaded == total - half + len(files.needed()[files.SHARD])
    assert site.events[-1]["done"] == total
    assert site.verify().whole


def test_a_partial_file_that_is_too_long_counts_as_nothing(site: Site) -> None:
    """It can't be the beginning of the file."""
    partial = site.snapshot / f"{files.SHARD}.incomplete"
    partial.parent.mkdir(parents=True)
    partial.write_bytes(bytes(len(files.needed()[files.SHARD]) + 1))
    done = site.pull()
    assert done.downloaded == sum(map(len, files.needed().values()))
    assert site.verify().whole
