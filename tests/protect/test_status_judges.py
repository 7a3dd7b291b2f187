"""How `zagent status` judges what is noted. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from zagent.doctor.check import Finding, broken, ok, warning
from zagent.errors import CopyDamaged, ModelMissing, WeightsDamaged
from zagent.protect.destinations import Destination
from zagent.protect.record import Checked, Record
from zagent.schedule.status import Timer
from zagent.status import backups, place, timers, weights
from zagent.status.look import worst
from zagent.status.row import Row, ago
from zagent.volume.layout import Layout
from zagent.volume.space import RESERVE, Space
from zagent.weights.proof import Proof

from tests.protect.moments import CLOUD, DAY, DISK, FAILED, GB, GOOD, HERE, HOUR, MODEL, NOW, OVERDUE
from tests.protect.place import made

WANTED = made({"model_index.json": b"{}"})


@pytest.mark.parametrize(
    ("known", "code", "says"),
    [
        (Record(), OVERDUE, "never backed up; never checked; overdue: there has been none"),
        (Record(GOOD, GOOD), 0, "what is here, proved as it was copied, 10 h 00 min ago; never checked"),
        (Record(GOOD, replace(GOOD, at=NOW - 36 * HOUR)), 0, "36 h 00 min ago"),
        (Record(GOOD, replace(GOOD, at=NOW - 37 * HOUR)), OVERDUE, "the last good one was 37 h 00 min ago, and a day"),
        (Record(GOOD, replace(GOOD, at=NOW - 9 * DAY)), OVERDUE, "9 days ago"),
        (Record(GOOD, replace(GOOD, at=NOW + 9 * DAY)), OVERDUE, "dated 2026-01-13 12:00 UTC, which is to come"),
        (Record(GOOD, replace(GOOD, sets={"owner/name": "old"})), OVERDUE, "an older state, proved"),
        (Record(GOOD, replace(GOOD, sets={})), OVERDUE, "it does not hold owner/name as it is here"),
        (Record(FAILED, GOOD), 42, "the last run, 1 h 00 min ago, failed: the destination is not there"),
        (Record(FAILED, GOOD), 42, "what is here, proved as it was copied, 10 h 00 min ago"),
        (Record(FAILED), 42, "never backed up"),
        (Record(replace(FAILED, exit_code=0), GOOD), 1, "failed"),
        (Record(GOOD, GOOD, Checked(NOW - 2 * HOUR, 3)), 0, "checked 2 h 00 min ago (part 4 of 7), no bad file"),
        (
            Record(FAILED, None, Checked(NOW, 0, {"m": ("a", "b")})),
            CopyDamaged.exit_code,
            "2 bad files: a of m, b of m",
        ),
    ],
)
def test_a_destination_is_judged_by_its_record(known: Record, code: int, says: str) -> None:
    """The code is that of the gravest thing, and all of it is told, with where the copy is and what to do."""
    found = backups.judge(DISK, known, HERE, NOW)
    assert says in found.message
    assert found.message.startswith("disk2: /mnt/backup: ")
    assert (found.severity, found.exit_code) == ("error" if code else "ok", code)
    assert found.remedy.startswith("zagent backup now disk2") is bool(code)


def test_what_is_here_no_more_is_no_reason_to_back_up() -> None:
    """Nor that nothing is here at all."""
    assert backups.judge(DISK, Record(GOOD, GOOD), {}, NOW).severity == "ok"


@pytest.mark.parametrize(
    ("last", "severity", "says"),
    [
        (Proof(NOW - 3 * HOUR, again=True), "ok", "verified 3 h 00 min ago"),
        (Proof(NOW - 3 * HOUR), "ok", "hashed as they came, 3 h 00 min ago"),
        (Proof(NOW - 9 * DAY, again=True), "warning", "verified 9 days ago"),
        (Proof(NOW + 9 * DAY, again=True), "warning", "which is to come"),
        (
            Proof(NOW - DAY, True, False, ("a", "b")),
            "error",
            "the last deep verify, 24 h 00 min ago, found 2 bad files: a, b",
        ),
    ],
)
def test_weights_are_judged_by_their_last_proof(last: Proof, severity: str, says: str) -> None:
    """Red where the last deep verify found something, yellow where it is long ago."""
    found = weights.judge(WANTED, MODEL, last, NOW)
    assert (found.severity, says in found.message) == (severity, True), found.message
    assert found.exit_code == (WeightsDamaged.exit_code if severity == "error" else 0)
    assert bool(found.remedy) is (severity != "ok")


@pytest.mark.parametrize(
    ("found", "days", "severity"),
    [
        (Space(1000 * GB, 20 * GB), None, "ok"),
        (Space(1000 * GB, 20 * GB - 1), None, "warning"),
        (Space(100 * GB, 10 * GB), None, "ok"),
        (Space(100 * GB, 10 * GB - 1), None, "warning"),
        (Space(100 * GB, RESERVE), None, "warning"),
        (Space(100 * GB, RESERVE - 1), None, "error"),
        (Space(GB, GB // 100 - 1), None, "error"),
        (Space(100 * GB, 50 * GB), 14.0, "ok"),
        (Space(100 * GB, 50 * GB), 13.9, "warning"),
        (Space(100 * GB, 50 * GB), 5000.0, "ok"),
    ],
)
def test_free_space_has_two_thresholds(found: Space, days: float | None, severity: str) -> None:
    """Yellow under 20 GB, on a small disk a tenth, or when it is full within two weeks; red where writers refuse."""
    judged = place.judge(Path("/data"), found, days)
    assert judged.severity == severity
    assert judged.exit_code == (26 if severity == "error" else 0)
    assert ("zagent gc" in judged.remedy) is (severity != "ok")


@pytest.mark.parametrize(
    ("timer", "known", "severity"),
    [
        (Timer("zagent-backup.timer", "enabled", NOW, NOW, "success"), [DISK], "ok"),
        (Timer("zagent-backup.timer", "enabled", NOW, None, "none since the boot"), [DISK], "ok"),
        (Timer("zagent-backup.timer", "enabled", NOW, NOW, "failed: exit-code, status 42"), [DISK], "warning"),
        (Timer("zagent-verify.timer", "enabled", NOW, NOW, "refused: the data volume was not mounted"), [], "warning"),
        (Timer("zagent-verify.timer", "disabled, not started", None, None, "none since the boot"), [], "warning"),
        (Timer("zagent-backup.timer", "not installed", None, None, "none since the boot"), [], "ok"),
        (Timer("zagent-backup.timer", "not installed", None, None, "none since the boot"), [DISK], "warning"),
        (Timer("zagent-verify.timer", "not installed", None, None, "none since the boot"), [], "warning"),
    ],
)
def test_a_timer_is_judged_by_what_systemd_says(timer: Timer, known: list[Destination], severity: str) -> None:
    """One for backups is missed only where there is a destination."""
    found = timers.judge(timer, known)
    assert (found.severity, bool(found.remedy)) == (severity, severity == "warning")
    assert found.message.startswith(timer.name)


@pytest.mark.parametrize(
    ("known", "severity", "says"),
    [([], "warning", "have no copy"), ([DISK], "warning", "have no copy"), ([DISK, CLOUD], "ok", "go to cloud")],
)
def test_only_restic_takes_the_folders_of_people(
    tmp_path: Path, known: list[Destination], severity: str, says: str
) -> None:
    """It is said for as long as there is none; without people there is nothing to say."""
    assert place.people(Layout(tmp_path), known) == []
    for name in "abcdefg":
        (tmp_path / "users" / name).mkdir(parents=True)
    (row,) = place.people(Layout(tmp_path), known)
    assert (row.finding.severity, says in row.finding.message) == (severity, True)
    assert "a, b, c, d, e and 2 more" in row.finding.message


def test_the_first_error_counts_else_the_first_warning() -> None:
    """Nothing where all is well."""
    yellow, red = warning("y", "do"), broken(ModelMissing(model="m", why="w"))
    assert worst([Row("space", one) for one in (ok("a"), yellow, red)]) == red
    assert worst([Row("space", one) for one in (ok("a"), yellow, Finding("warning", "z"))]) == yellow
    assert worst([Row("space", ok("a"))]) is None


def test_ages() -> None:
    """Disks and clocks of one machine differ a little."""
    assert ago(NOW + timedelta(seconds=2), NOW) == "0 s ago"
    assert ago(NOW - timedelta(seconds=61), NOW) == "1 min 01 s ago"
    assert ago(NOW - 80 * HOUR, NOW) == "3 days ago"
