"""A host's record: what it refuses, and that it comes back as it was written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.localcloud.errors import LocalCloudError
from tests.localcloud.hosts import record
from tests.localcloud.hosts.record import PORTS, Record

EMPTY = Record("i-1", "127.0.0.2")


def test_it_comes_back_as_it_was_written(tmp_path: Path) -> None:
    """With its disks, be they sound or not."""
    written = replace(EMPTY, reachable=False).with_disk("vol-1", Path("/volumes/1.raw")).with_broken_disk("vol-1")
    written.write(tmp_path)
    assert record.read(tmp_path) == written


def test_a_disk_keeps_its_port_while_others_come_and_go() -> None:
    """The running machine has it there."""
    both = EMPTY.with_disk("vol-1", Path("1.raw")).with_disk("vol-2", Path("2.raw"))
    changed = both.without_disk("vol-1").with_disk("vol-3", Path("3.raw"))
    assert {name: disk.port for name, disk in changed.disks.items()} == {"vol-2": 1, "vol-3": 0}


def test_a_disk_that_comes_again_is_sound() -> None:
    """Where its writes failed before."""
    broken = EMPTY.with_disk("vol-1", Path("1.raw")).with_broken_disk("vol-1")
    assert broken.disk("vol-1").broken
    assert not broken.without_disk("vol-1").with_disk("vol-1", Path("1.raw")).disk("vol-1").broken


def test_there_are_so_many_ports() -> None:
    """One more disk is refused."""
    full = EMPTY
    for number in range(PORTS):
        full = full.with_disk(f"vol-{number}", Path("1.raw"))
    with pytest.raises(LocalCloudError, match=f"disk number {PORTS + 1}"):
        full.with_disk("vol-more", Path("1.raw"))
