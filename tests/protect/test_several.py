"""Several destinations, and one after another under one name: none stands for another."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from zagent import lock
from zagent.errors import DestinationMissing
from zagent.protect import record
from zagent.protect.add import add, remove
from zagent.protect.record import Record
from zagent.weights import verified
from zagent.weights.model import Model
from zagent.weights.verified import Verified

from tests.protect.place import NAME, Place
from tests.protect.test_shared_mirror import beside
from tests.weights import files


def test_a_missing_disk_keeps_no_other_from_its_check(place: Place) -> None:
    """It is named with its own exit code, and all that is there is read."""
    layout, gone = place.store.settings.layout, place.copy.with_name("gone")
    add(layout, "gone", str(gone), same_device=True)
    place.backup()
    shutil.rmtree(gone)
    said = place.said("backup", "check", "--full", code=DestinationMissing.exit_code)
    assert f"{NAME}: all of it read, 0 bad files" in said
    assert str(gone) in said
    assert place.record.check is not None


def test_all_that_fail_are_told(place: Place) -> None:
    """Not only the one whose exit code it is; each once, when it happened."""
    layout = place.store.settings.layout
    folders = [place.copy.with_name(name) for name in ("one", "two")]
    for one in folders:
        add(layout, one.name, str(one), same_device=True)
        shutil.rmtree(one)
    place.add()
    lines = place.said("backup", "--json", code=DestinationMissing.exit_code).splitlines()
    told = [one for one in map(json.loads, lines) if one["event"] in ("error", "backed-up")]
    assert [one["event"] for one in told] == ["error", "error", "backed-up"]
    assert all(str(folder) in one["message"] for folder, one in zip(folders, told, strict=False))


def test_another_destination_under_the_name_has_no_past(mirrored: Place) -> None:
    """Status is not green over a copy that was never made."""
    layout = mirrored.store.settings.layout
    remove(layout, NAME)
    add(layout, NAME, str(mirrored.copy.with_name("new")), same_device=True)
    assert mirrored.record == Record()


def test_an_empty_disk_in_the_place_of_a_full_one_has_no_past(mirrored: Place) -> None:
    """The next backup finds out what is there; what a check has found bad is still not trusted."""
    layout = mirrored.store.settings.layout
    mirrored.said("backup", "check", "--full")
    shutil.rmtree(mirrored.copy)
    add(layout, NAME, str(mirrored.copy), same_device=True)
    known = record.read(layout, NAME)
    assert (known.run, known.success) == (None, None)
    assert known.check is not None
    assert mirrored.backup().copied > 0


@pytest.mark.root
def test_a_lock_is_left_though_nothing_can_be_written_any_more(tmp_path: Path) -> None:
    """As on a disk that failed while something was done: that it was done counts, and the next one gets the lock."""
    path = tmp_path / "lock"
    try:
        with lock.held(path, "it", "a test"):
            subprocess.run(["chattr", "+i", path], check=True)
    finally:
        subprocess.run(["chattr", "-i", path], check=True)
    with lock.held(path, "it", "a test"):
        pass


def test_of_several_models_each_is_named_with_its_last_verify(place: Place) -> None:
    """For people by its age, for programs by its moment; where it failed, or never was, there is none."""
    place.add()
    at = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(hours=2, minutes=5)
    outcome = Verified(Model().id, place.wanted.set_digest, at, ok=True)
    verified.write(place.store, Model(), outcome)
    assert "; last deep verify of the weights: 2 h 05 min ago\n" in place.said("backup")
    beside(place, files.needed(seed=5), Model("zzz/last"))
    assert f"{Model().id}: 2 h 05 min ago, zzz/last: none since they came\n" in place.said("backup")
    assert place.told("backup")["verified"] == {Model().id: at.isoformat(), "zzz/last": None}
    verified.write(place.store, Model(), replace(outcome, ok=False))
    assert f"{Model().id}: FAILED 2 h 05 min ago, " in place.said("backup")
    assert place.told("backup")["verified"] == {Model().id: None, "zzz/last": None}


def test_programs_get_moments_in_iso_8601(mirrored: Place) -> None:
    """With a T, as everywhere."""
    mirrored.said("backup", "check")
    shown = mirrored.told("backup", "show")
    parts = [mirrored.told("backup", "ls"), *(shown[name] for name in ("success", "run", "check"))]
    for one in parts:
        assert isinstance(one, dict)
        assert moment(one["at"])


def moment(text: object) -> datetime:
    """What a program makes of it."""
    return datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%S%z")
