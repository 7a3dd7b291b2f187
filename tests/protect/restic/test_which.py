"""Which snapshot comes back where several data roots share a repository, or older ones have what is recorded."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from zagent.errors import NothingToRestore, OtherVersion
from zagent.protect.restic import repository, which
from zagent.protect.restic.retention import PROVED, Snapshot
from zagent.weights import manifest
from zagent.weights.model import Model

from tests.protect.place import NAME, made
from tests.protect.restic.conftest import Archived
from tests.weights import files
from tests.weights.conftest import adopted

OLD, NEW = files.needed(), files.needed(seed=5)
NOW = datetime(2026, 3, 10, 3, 0, tzinfo=timezone.utc)


def neighbour(archived: Archived, content: dict[str, bytes]) -> Archived:
    """Another data root, with other weights, that has backed up into the same repository since."""
    found = Archived(adopted(archived.root.with_name("neighbour")), archived.copy, program=archived.program)
    found.password.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(archived.password, found.password)
    found.fill(content)
    found.said("backup", "add", NAME, found.target, "--same-device")
    found.said("backup")
    return found


def test_a_neighbours_newer_snapshot_hides_nothing(archived: Archived) -> None:
    """Each data root gets what it has recorded; a dry run finds the same."""
    other = neighbour(archived, NEW)
    for place, content in ((archived, OLD), (other, NEW)):
        files.flip(place.snapshot / files.SHARD)
        assert place.told("restore", "--dry-run")["files"] == [files.SHARD]
        assert place.told("restore")["files"] == [files.SHARD]
        assert files.below(place.snapshot) == content


def test_an_older_snapshot_has_what_is_recorded(archived: Archived) -> None:
    """As where a person went back to the version before; nothing has to be named."""
    archived.fill(NEW)
    archived.said("backup")
    archived.fill(OLD)
    shutil.rmtree(archived.snapshot)
    archived.said("restore")
    assert files.below(archived.snapshot) == OLD
    assert archived.wanted == made(OLD)


def test_settings_come_from_the_snapshot_that_the_weights_come_from(archived: Archived) -> None:
    """A neighbour's list of users is nobody's here."""
    users = archived.store.settings.layout.users
    users.write_bytes(b"ours")
    archived.said("backup")
    other = neighbour(archived, NEW)
    other.store.settings.layout.users.write_bytes(b"theirs")
    other.said("backup")
    users.unlink()
    (archived.snapshot / files.VAE).unlink()
    archived.said("restore")
    assert users.read_bytes() == b"ours"


def test_a_damaged_manifest_in_the_newest_is_in_nobodys_way(archived: Archived) -> None:
    """What is recorded here says what to bring, and tags which snapshot has it."""
    layout, path = archived.store.settings.layout, archived.store.manifest_path(Model())
    good = path.read_bytes()
    path.write_bytes(b"junk")
    repository.backup(archived.restic, [layout.marker, path], archived.data_id, [PROVED], "", lambda message: None)
    path.write_bytes(good)
    files.flip(archived.snapshot / files.SHARD)
    archived.said("restore")
    assert files.below(archived.snapshot) == OLD


def test_what_no_snapshot_has_is_not_brought(archived: Archived) -> None:
    """Neither a neighbour's nor an older own version, unless a person names it."""
    neighbour(archived, NEW)
    archived.fill(files.needed(seed=7))
    files.flip(archived.snapshot / files.SHARD)
    before = files.below(archived.snapshot)
    archived.said("restore", code=OtherVersion.exit_code)
    assert files.below(archived.snapshot) == before


def test_a_snapshot_that_a_person_names_is_meant_as_it_is(archived: Archived) -> None:
    """Though another has what is recorded."""
    (first,) = repository.snapshots(archived.restic)
    archived.fill(NEW)
    archived.said("backup")
    archived.said("restore", "--snapshot", first.id[:8])
    assert files.below(archived.snapshot) == OLD


def shot(days: float, *tags: str, host: str = "a", paths: tuple[str, ...] = ()) -> Snapshot:
    """One that was made so many days before NOW."""
    return Snapshot(NOW - timedelta(days=days), f"id{days}", host, frozenset(tags), paths)


def test_the_newest_proved_one_with_the_set_is_found_by_its_tags() -> None:
    """Of any data root where none of the own has it; equal files under another revision are another model's."""
    wanted, other = made(OLD), made(NEW)
    has, lacks = (f"set={one.model}@{one.revision}={one.set_digest}" for one in (wanted, other))
    newest = shot(3, has, PROVED, host="b")
    found = [shot(4, has, PROVED), newest, shot(2, has), shot(1, lacks, PROVED), shot(-1, has, PROVED)]
    assert which.holding(found, wanted, "", NOW) == newest
    assert which.holding(found, wanted, "new", NOW) == newest
    assert which.holding(found, wanted, "a", NOW) == shot(4)
    assert which.holding([newest, *found[2:4]], wanted, "a", NOW) == newest
    assert which.holding(found[2:4], wanted, "", NOW) is None
    later = manifest.make(wanted.model, "v2", None, "tests", wanted.files)
    assert which.holding(found, later, "", NOW) is None


def test_the_newest_proved_one_is_another_data_roots_only_where_there_is_none_of_the_own() -> None:
    """Be it that the own ones are not proved; one that a person names is meant as it is."""
    own, theirs, last = shot(4, PROVED), shot(3, PROVED, host="b"), shot(2)
    for asks, meant in (("a", own), ("b", theirs), ("new", theirs), ("", theirs)):
        assert which.meant([own, theirs, last], "", asks, "it", NOW) == meant
    with pytest.raises(NothingToRestore, match="no proved snapshot of this data root"):
        which.meant([theirs, last], "", "a", "it", NOW)
    assert which.meant([own, theirs], theirs.id, "a", "it", NOW) == theirs


def test_another_data_roots_weights_bring_no_settings_of_it() -> None:
    """Where there is any snapshot of the own; an older own one has those of its time."""
    own, last, theirs = shot(4, PROVED), shot(3, PROVED), shot(2, PROVED, host="b")
    found = [own, last, theirs, shot(1, PROVED, host="c")]
    assert which.settled(found, theirs, "a", NOW) == last
    assert which.settled(found, own, "a", NOW) == own
    assert which.settled([shot(3), theirs], theirs, "a", NOW) is None
    for asks in ("new", ""):
        assert which.settled(found, theirs, asks, NOW) == theirs


def test_whose_a_snapshot_is_is_only_said_of_anothers() -> None:
    """By the beginning of its data id, and the time in UTC."""
    theirs = Snapshot(NOW.astimezone(timezone(timedelta(hours=9))), "id", "0123456789")
    assert which.whose(theirs, theirs.host) == ""
    for asks in ("a", ""):
        assert which.whose(theirs, asks).startswith("the data root 01234567's, as of 2026-03-10 03:00 UTC: no snapshot")


HOMES = ("/z/.zagent/volume.json", "/z/users/ann")


def test_of_those_that_are_not_proved_only_newer_ones_with_the_folder_count() -> None:
    """The newest, of the same data root; one of the future is from a clock that was wrong."""
    last = shot(5, PROVED, paths=HOMES)
    older, wrong, other = shot(6, paths=HOMES), shot(-1, paths=HOMES), shot(1, host="b", paths=HOMES)
    proved, without = shot(1, PROVED, paths=HOMES), shot(1, paths=HOMES[:1])
    assert which.unproved([older, last, wrong, other, proved, without], last, "ann", NOW) is None
    assert which.unproved([last, shot(3, paths=HOMES), shot(2, paths=HOMES)], last, "ann", NOW) == shot(2)


@pytest.fixture
def home(archived: Archived) -> Path:
    """Ann's folder, as it was in the last whole backup; what she made since is in a snapshot that is not proved."""
    home = files.written(archived.store.settings.layout.home("ann"), {"old": b"old"})
    archived.said("backup")
    files.written(home, {"new": b"new"})
    files.flip(archived.snapshot / files.SHARD)
    archived.said("backup", code=43)
    return home


@pytest.mark.parametrize("words", [(), ("--dry-run",)])
def test_newer_files_in_what_is_not_proved_are_told(archived: Archived, home: Path, words: tuple[str, ...]) -> None:
    """With the snapshot's id and time, and how to get them; then there is no more to tell."""
    night = repository.snapshots(archived.restic)[-1]
    shutil.rmtree(home)
    said = archived.said("restore", "--users", "ann", *words)
    assert f"--snapshot {night.id[:8]} " in said
    assert f"{night.time.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC" in said
    assert "--snapshot" not in archived.said("restore", "--users", "ann", *words, "--snapshot", night.id[:8])
    assert files.below(home) == ({} if words else {"old": b"old", "new": b"new"})


def test_who_is_only_in_what_is_not_proved_is_told_of(archived: Archived, home: Path) -> None:
    """A person who came after the last whole backup."""
    files.written(archived.store.settings.layout.home("bob"), {"x": b"bob's"})
    archived.said("backup", code=43)
    night = repository.snapshots(archived.restic)[-1]
    said = archived.said("restore", "--users", "bob", code=NothingToRestore.exit_code)
    assert f"--snapshot {night.id[:8]} " in said


def test_after_a_whole_backup_nothing_is_told(archived: Archived, home: Path) -> None:
    """It has everything."""
    archived.said("restore")
    archived.said("backup")
    shutil.rmtree(home)
    assert "--snapshot" not in archived.said("restore", "--users", "ann")
    assert files.below(home) == {"old": b"old", "new": b"new"}


def test_times_are_told_in_utc_wherever_the_backup_was_made(
    archived: Archived, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a snapshot notes is the local time, with its zone."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    archived.said("backup")
    time = repository.snapshots(archived.restic)[-1].time
    if not time.utcoffset():
        pytest.skip("restic knows no zones here")
    assert f"{time.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC" in archived.said("backup", "ls").splitlines()[-1]
