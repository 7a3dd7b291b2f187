"""The list of destinations and the records of their runs: what is written is what is read, and what else is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timezone

import pytest
from zagent.errors import NoDestination, SettingsDamaged
from zagent.protect import destinations, record
from zagent.protect.destinations import Destination, named
from zagent.protect.record import Checked, Record, Run

from tests.protect.place import NAME, Place

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("target", "kind", "address"),
    [
        ("/mnt/disk2", "mirror", "/mnt/disk2"),
        ("/mnt/disk2/", "mirror", "/mnt/disk2"),
        ("restic:/mnt/disk2", "restic", "/mnt/disk2"),
        ("sftp:me@host:/srv/backup", "restic", "sftp:me@host:/srv/backup"),
        ("restic:s3:https://s3.example/bucket", "restic", "s3:https://s3.example/bucket"),
    ],
)
def test_a_target_says_its_kind(target: str, kind: str, address: str) -> None:
    """And what is written of it is understood again."""
    made = named("one", target)
    assert (made.kind, made.address) == (kind, address)
    assert named("one", made.target) == made
    assert destinations.parse(destinations.dump([made])) == [made]


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"schema": 2, "destinations": []}', b"\xff"])
def test_a_damaged_list_is_told_and_not_replaced(place: Place, content: bytes) -> None:
    """Its remedy names the file."""
    path = destinations.path(place.store.settings.layout)
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(SettingsDamaged) as refused:
        destinations.known(place.store.settings.layout)
    assert str(path) in refused.value.advice
    place.said("backup", "add", NAME, "/mnt", code=47)
    assert path.read_bytes() == content


def test_an_entry_that_a_person_wrote_is_held_to_the_same_rules() -> None:
    """Else it could lead a record, whose name it is, out of its folder."""
    hostile = Destination("../../etc/x", "mirror", "/mnt")
    with pytest.raises(ValueError, match="small letters"):
        destinations.parse(destinations.dump([hostile]))
    with pytest.raises(ValueError, match="none that zagent wrote"):
        destinations.parse(destinations.dump([replace(named("a", "/mnt"), address="sftp:x:/")]))


def test_a_destination_is_forgotten_by_name(mirrored: Place) -> None:
    """What it holds stays."""
    assert "what it holds stays" in mirrored.said("backup", "remove", NAME)
    assert mirrored.mirror.marker.exists()
    with pytest.raises(NoDestination, match="none is"):
        destinations.require(mirrored.store.settings.layout, NAME)
    mirrored.said("backup", "remove", NAME, code=40)
    assert "error: No backup destination is set up\n" in mirrored.said("backup", code=40)


def test_a_record_is_read_as_it_was_written() -> None:
    """Times, sets, and what a check found."""
    good = Run(AT, sets={"a/b": "sha256:1"}, copied=5)
    made = Record(Run(AT, "it failed", 43), good, Checked(AT, 3, {"a/b": ("x.json", "y.json")}))
    assert record.parse(record.dump(made)) == made
    assert record.parse(record.dump(Record())) == Record()


@pytest.mark.parametrize(
    "change", [{"schema": 9}, {"run": {"at": "2026-01-02T03:04:05"}}, {"check": {"at": "x"}}, {"run": 5}, {"check": []}]
)
def test_a_record_that_is_none_counts_as_none(place: Place, change: dict[str, object]) -> None:
    """It is written anew by the next run."""
    layout = place.store.settings.layout
    layout.backups.mkdir()
    path = record.path(layout, NAME)
    path.write_text(json.dumps({**json.loads(record.dump(Record())), **change}))
    assert record.read(layout, NAME) == Record()


def test_a_failure_leaves_the_last_success_known() -> None:
    """That is what tells how old the copy is."""
    good, bad = Run(AT, sets={"a/b": "sha256:1"}), Run(AT, "it failed", 43)
    assert Record().after(good).after(bad) == Record(bad, good)
    assert Record().after(bad) == Record(bad, None)
