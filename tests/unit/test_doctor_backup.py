"""What the doctor says of the second copy."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from zagent import settings
from zagent.doctor import backup_checks
from zagent.doctor.backup_checks import judge
from zagent.doctor.check import Finding, run_all
from zagent.errors import SettingsDamaged
from zagent.protect import destinations, record
from zagent.protect.add import add
from zagent.protect.destinations import Destination
from zagent.protect.grade import LASTS
from zagent.protect.record import Checked, Record, Run
from zagent.volume.layout import Layout

NOW = datetime(2026, 1, 4, 12, tzinfo=timezone.utc)
DISK = Destination("disk2", "mirror", "/mnt/backup")
WANTED = {"owner/name": "sha256:new"}
GOOD = Run(NOW - timedelta(hours=10), sets=WANTED)
FAILED = Run(NOW, "The backup destination /mnt/backup is not there", 42)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("known", "severity", "says"),
    [
        (Record(), "warning", "holds nothing yet"),
        (Record(GOOD, GOOD), "ok", "holds all of it, 2026-01-04 02:00 UTC"),
        (Record(FAILED, GOOD), "warning", "the last backup, 2026-01-04 12:00 UTC, failed: The backup destination"),
        (Record(FAILED), "warning", "failed: The backup destination"),
        (Record(GOOD, replace(GOOD, at=NOW - LASTS)), "ok", "holds all of it"),
        (Record(GOOD, replace(GOOD, at=NOW - LASTS - SECOND)), "warning", "never since"),
        (Record(GOOD, replace(GOOD, at=NOW + LASTS + SECOND)), "warning", "never since"),
        (Record(GOOD, replace(GOOD, sets={"owner/name": "sha256:old"})), "warning", "does not hold owner/name"),
        (Record(GOOD, replace(GOOD, sets={})), "warning", "not hold owner/name as it is here"),
        (Record(GOOD, GOOD, Checked(NOW, 0, {"owner/name": ("a", "b")})), "warning", "holds 2 bad files"),
        (Record(FAILED, GOOD, Checked(NOW, 0, {"owner/name": ("a",)})), "warning", "holds 1 bad file"),
        (Record(GOOD, GOOD, Checked(NOW, 0)), "ok", "holds all of it"),
    ],
)
def test_a_destination_is_judged_by_its_record(known: Record, severity: str, says: str) -> None:
    """Yellow for whatever keeps it from being a good, fresh copy of what is here, with the command that mends it."""
    found = judge(DISK, known, WANTED, NOW)
    assert (found.severity, says in found.message) == (severity, True), found.message
    assert found.message.startswith("disk2")
    assert bool(found.remedy) is (severity == "warning")


def test_what_is_here_no_more_need_not_be_in_the_copy() -> None:
    """Nor is it a fault that the copy has more."""
    assert judge(DISK, Record(GOOD, GOOD), {}, NOW).severity == "ok"


def found(root: Path) -> Finding:
    """What the check finds on a data root."""
    return next(run_all(backup_checks.CHECKS, settings.load(root))).finding


def added(root: Path, name: str, run: Run | None) -> Layout:
    """A mirror that is a destination, and the record of its last run."""
    layout = Layout(root)
    add(layout, name, str(root.parent / name), same_device=True)
    if run:
        record.write(layout, name, Record().after(run))
    return layout


def test_without_a_destination_it_is_yellow(root: Path) -> None:
    """Until there is one, with the command that makes it one."""
    assert (found(root).severity, found(root).exit_code) == ("warning", 0)
    assert found(root).remedy.startswith("zagent backup add NAME /path/on/another/disk")


def test_one_bad_destination_is_enough(root: Path) -> None:
    """It is named; when both are good both are."""
    now = record.now()
    added(root, "disk2", Run(now))
    layout = added(root, "disk3", Run(now, "no room", 14))
    assert found(root).severity == "warning"
    assert found(root).message.startswith("disk3: the last backup")
    assert "disk2" not in found(root).message
    record.write(layout, "disk3", Record().after(Run(now)))
    assert found(root).severity == "ok"
    assert "disk2 holds" in found(root).message
    assert "disk3 holds" in found(root).message


def test_a_list_that_can_not_be_read_is_an_error(root: Path) -> None:
    """Not the same as none: nobody backs up any more."""
    layout = added(root, "disk2", None)
    destinations.path(layout).write_text("{")
    assert (found(root).severity, found(root).exit_code) == ("error", SettingsDamaged.exit_code)
