"""`zagent status`: what it says of each state, its exit code, and that it changes and reads nothing."""

from __future__ import annotations

import builtins
import json
import os
import tempfile
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from zagent import durable
from zagent.errors import ModelMissing, NotAdopted, SettingsDamaged
from zagent.protect import destinations, record
from zagent.protect.record import Record
from zagent.schedule.units import TIMERS
from zagent.status import timers
from zagent.volume import marker, space, trend
from zagent.volume.space import Space
from zagent.weights import manifest, verified
from zagent.weights.model import Model
from zagent.weights.verified import Verified

from tests.filesystems.disks import another_user, everything
from tests.protect.moments import DAY, GB, HOUR, MODEL, OVERDUE
from tests.protect.place import NAME, Place, made
from tests.weights import files
from tests.weights.conftest import adopted


def rows(place: Place, section: str, code: int = 0) -> list[dict[str, Any]]:
    """What `zagent status --json` says in a section; it must end with this code."""
    found = place.told("status", code=code)
    assert found["exit_code"] == code
    listed = found[section]
    assert isinstance(listed, list)
    return listed


@pytest.fixture(autouse=True)
def scheduled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The timers are installed and have run, whatever this machine has."""
    shown = "Id=%s\\nLoadState=loaded\\nActiveState=active\\n\\n"
    program(tmp_path / "bin", f"printf '{shown}' {' '.join(TIMERS)}")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr("zagent.schedule.systemctl.BOOTED", Path("/"))
    links = tmp_path / "units/timers.target.wants"
    links.mkdir(parents=True)
    for name in TIMERS:
        (links / name).symlink_to(links)
    monkeypatch.setattr(timers.timers, "__defaults__", (links.parent,))


def program(folder: Path, script: str) -> None:
    """A systemctl of these words."""
    files.written(folder, {"systemctl": f"#!/bin/sh\n{script}\n".encode()})
    (folder / "systemctl").chmod(0o755)


def test_all_is_well(mirrored: Place) -> None:
    """One screen, from the disk to the free space, and nothing left to do."""
    said = mirrored.said("status")
    found = [line.split()[1] for line in said.splitlines()[:-1]]
    assert found == ["data", "weights", "backup", *["timer"] * len(TIMERS), "space"]
    assert mirrored.wanted.set_digest[:19] in said
    assert f"{NAME}: {mirrored.copy}: what is here, proved as it was copied" in said
    assert said.splitlines()[-1] == "next     nothing: all is well"


def test_figures_for_programs(mirrored: Place) -> None:
    """Whole digests and ages in seconds."""
    mirrored.said("backup", "check")
    (kept,) = rows(mirrored, "backup")
    assert (kept["name"], kept["target"], kept["is_what_is_here"]) == (NAME, str(mirrored.copy), True)
    assert kept["holds"] == {Model().words: mirrored.wanted.set_digest}
    assert 0 <= kept["success_seconds_ago"] < 600
    assert 0 <= kept["checked_seconds_ago"] < 600
    assert kept["failed_seconds_ago"] is None
    (there,) = rows(mirrored, "weights")
    assert (there["set_digest"], there["size"]) == (mirrored.wanted.set_digest, mirrored.wanted.size)
    assert there["verified_since_they_came"] is False
    (root,) = rows(mirrored, "data_root")
    assert (root["kind"], root["data_id"]) == ("system-disk", mirrored.data_id)
    (room,) = rows(mirrored, "space")
    assert 0 < room["free"] < room["size"]
    assert room["days_until_full"] is None


def test_without_a_copy_the_next_thing_is_to_have_one(place: Place) -> None:
    """Said of the disk that can be lost and of the copy that there is not; a warning, as doctor has it."""
    said = place.said("status")
    assert "warning  data root" in said
    assert "at risk: a system-disk reset takes it away" in said
    assert "warning  backup     never: there is no second copy" in said
    assert said.splitlines()[-1].startswith("next     zagent backup add NAME /path/on/another/disk")


def test_a_destination_that_was_never_used_protects_nothing(place: Place) -> None:
    """Not even a day long: the first backup is due at once."""
    place.add()
    said = place.said("status", code=OVERDUE)
    assert "brings it back" not in said
    assert said.splitlines()[-1].startswith(f"next     zagent backup now {NAME}")


def test_a_run_that_never_happened_is_seen(mirrored: Place) -> None:
    """By the age of the last that did, whatever no timer did."""
    layout, known = mirrored.store.settings.layout, mirrored.record
    assert known.success
    late = replace(known.success, at=known.success.at - timedelta(hours=37))
    record.write(layout, NAME, Record(late, late))
    assert "overdue: the last good one was 37 h" in mirrored.said("status", code=OVERDUE)
    mirrored.said("backup")
    mirrored.said("status")


def test_a_failed_run_is_seen_with_its_words_and_its_code(mirrored: Place) -> None:
    """Until one does not fail."""
    mirrored.copy.rename(mirrored.copy.with_name("away"))
    mirrored.said("backup", code=42)
    (kept,) = rows(mirrored, "backup", code=42)
    assert "there is no such folder" in kept["failure"]
    assert kept["is_what_is_here"] is True
    mirrored.copy.with_name("away").rename(mirrored.copy)
    mirrored.said("backup")
    mirrored.said("status")


def test_a_bad_copy_is_seen(mirrored: Place) -> None:
    """With the file that its last check found, until it is copied anew."""
    files.flip(mirrored.kept / files.SHARD)
    mirrored.said("backup", "check", "--full", code=44)
    assert f"1 bad file: {files.SHARD}" in mirrored.said("status", code=44)
    mirrored.said("backup")
    mirrored.said("status")


def test_a_failed_deep_verify_is_seen(mirrored: Place) -> None:
    """Though all sizes are right; until the file is back."""
    files.flip(mirrored.snapshot / files.SHARD)
    mirrored.said("status")
    mirrored.said("verify", code=21)
    assert f"found 1 bad file: {files.SHARD}" in mirrored.said("status", code=21)
    mirrored.said("restore")
    mirrored.said("verify")
    mirrored.said("status")


def test_a_missing_file_is_seen_without_reading_any(mirrored: Place) -> None:
    """By the sizes; every other model has a row of its own."""
    model = Model("someone/other", "v2")
    content = {"model_index.json": b"{}"}
    files.written(mirrored.store.snapshot(model), content)
    other = replace(made(content), model=model.id, revision=model.revision)
    manifest.write(mirrored.store.manifest_path(model), other)
    mirrored.backup()
    (mirrored.snapshot / files.VAE).unlink()
    found = rows(mirrored, "weights", code=21)
    assert {one["model"]: one["severity"] for one in found} == {MODEL.id: "error", model.id: "ok"}
    assert files.VAE in next(one["message"] for one in found if one["model"] == MODEL.id)


def test_no_weights_no_root_no_list(place: Place) -> None:
    """Each has the code that other commands end with, and the command that mends it."""
    layout = place.store.settings.layout
    layout.backups.mkdir()
    destinations.path(layout).write_text("{")
    assert "can't be read" in place.said("status", code=SettingsDamaged.exit_code)
    destinations.path(layout).unlink()
    place.store.manifest_path(MODEL).write_text("{")
    assert "The manifest" in place.said("status", code=29)
    place.store.manifest_path(MODEL).unlink()
    assert "zagent pull" in place.said("status", code=ModelMissing.exit_code).splitlines()[-1]
    layout.marker.unlink()
    before = everything(place.root)
    said = place.said("status", code=NotAdopted.exit_code)
    assert [line.split()[1] for line in said.splitlines()[:-1]] == ["data", *["timer"] * len(TIMERS)]
    assert everything(place.root) == before


def test_it_hashes_nothing_and_asks_no_destination(mirrored: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that hangs or a host far away can't hold it up; no file of weights is even opened."""
    opened: list[str] = []
    real_open, real_os_open = builtins.open, os.open

    def watch(path: Any, *more: Any, **named: Any) -> Any:
        opened.append(str(path))
        return real_open(path, *more, **named)

    def watch_os(path: Any, *more: Any, **named: Any) -> int:
        opened.append(str(path))
        return real_os_open(path, *more, **named)

    with monkeypatch.context() as patch:
        patch.setattr(builtins, "open", watch)
        patch.setattr("io.open", watch)
        patch.setattr(os, "open", watch_os)
        mirrored.said("status")
    assert any(str(mirrored.root / ".zagent") in one for one in opened), "nothing was watched"
    assert not [one for one in opened if str(mirrored.snapshot) in one or str(mirrored.copy) in one]


def test_only_the_sample_is_written(mirrored: Place) -> None:
    """And that once in an hour."""
    layout = mirrored.store.settings.layout
    old = trend.Sample(datetime.now(timezone.utc) - 2 * HOUR, 10**15)
    durable.write(trend.path(layout), trend.dump([old]))
    found = marker.read(layout)
    assert found
    marker.write(layout.root, replace(found, created=(old.at - DAY).isoformat()))
    before = everything(mirrored.root)
    mirrored.said("status")
    changed = {path for path, traits in everything(mirrored.root).items() if before.get(path) != traits}
    assert changed == {str(trend.folder(layout)), str(trend.path(layout))}
    again = everything(mirrored.root)
    mirrored.said("status")
    assert everything(mirrored.root) == again


def test_the_trend_is_told(mirrored: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever fills the disk sees when it is full."""
    layout = mirrored.store.settings.layout
    found, now = marker.read(layout), datetime.now(timezone.utc)
    assert found
    marker.write(layout.root, replace(found, created=(now - 30 * DAY).isoformat()))
    monkeypatch.setattr(space, "of", lambda path: Space(200 * GB, 100 * GB))
    durable.write(trend.path(layout), trend.dump([trend.Sample(now - 10 * DAY, 150 * GB)]))
    said = mirrored.said("status")
    assert "100.00 GB of 200.00 GB free, full in about 20 days" in said
    (room,) = rows(mirrored, "space")
    assert 19 < room["days_until_full"] < 21


def test_timers_are_told_where_systemd_answers(mirrored: Place, tmp_path: Path) -> None:
    """Next, last and how it ended, of one that systemd knows and of others."""
    shown = "Id=zagent-backup.timer\\nLoadState=loaded\\nActiveState=active\\n"
    shown += "NextElapseUSecRealtime=Sun 2026-01-11 02:05:12 UTC\\nLastTriggerUSec=Sat 2026-01-10 02:09:00 UTC\\n\\n"
    shown += "Id=zagent-backup.service\\nActiveState=failed\\nResult=exit-code\\nExecMainStatus=42\\n"
    shown += "ExecMainStartTimestamp=Sat 2026-01-10 02:09:00 UTC\\n"
    program(tmp_path / "bin", f"printf '{shown}'")
    found = {one["name"]: one for one in rows(mirrored, "timer")}
    assert found["zagent-backup.timer"]["next"].startswith("2026-01-11T02:05:12")
    assert "failed: exit-code, status 42" in found["zagent-backup.timer"]["message"]
    assert found["zagent-verify.timer"]["message"] == "zagent-verify.timer: not installed"


@pytest.mark.parametrize(("booted", "says"), [("bin", "failed: no bus"), ("nowhere", "no systemd runs here")])
def test_a_systemd_that_does_not_answer_is_a_warning(
    mirrored: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, booted: str, says: str
) -> None:
    """With what to do, cron's lines where there is none: nothing verifies or backs up by itself."""
    program(tmp_path / "bin", "echo no bus >&2; exit 1")
    monkeypatch.setattr("zagent.schedule.systemctl.BOOTED", tmp_path / booted)
    (found,) = rows(mirrored, "timer")
    assert (found["severity"], says in found["message"]) == ("warning", True)
    assert ("0 2 * * * zagent backup" in found["remedy"]) is (booted == "nowhere")


def test_a_root_in_memory_is_said_to_be(mirrored: Place) -> None:
    """It is gone after a boot, whatever its marker calls it."""
    if not Path("/dev/shm").is_dir():
        pytest.skip("no /dev/shm here")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        root = Path(name)
        marker.write(root, marker.new("other", "tmpfs", None))
        assert "it is memory, gone after a boot" in Place(root, mirrored.copy).said("status", code=20)


@pytest.mark.root
def test_who_may_read_only_part_of_it_is_told_that() -> None:
    """A user sees the rest, and nothing fails with a traceback."""
    with tempfile.TemporaryDirectory(prefix="zagent-test-") as name:
        Path(name).chmod(0o755)
        here = Place(adopted(Path(name) / "data"), Path(name) / "copy")
        here.fill(files.needed())
        here.backup()
        with another_user():
            here.said("status")
        here.store.settings.layout.backups.chmod(0o700)
        with another_user():
            said = here.said("status")
        assert "ok       weights" in said
        assert "warning  backup     what is noted of backups is not for nobody to read" in said
        assert said.splitlines()[-1] == "next     sudo zagent status"


def test_a_verify_of_other_weights_says_nothing(mirrored: Place) -> None:
    """Of a set that was replaced since."""
    outcome = Verified(MODEL.id, "sha256:other", datetime.now(timezone.utc), False, ("x",))
    verified.write(mirrored.store, MODEL, outcome)
    mirrored.said("status")


def test_the_object_is_one_line(mirrored: Place) -> None:
    """As of every command."""
    (line,) = mirrored.zagent("status", "--json").stdout.splitlines()
    assert json.loads(line)["event"] == "status"
