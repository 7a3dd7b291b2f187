"""A mirror whose marker or notes can't be read: what is whole in it is of use, and every other copy has its turn."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from zagent.errors import DestinationFailed, SystemRefused
from zagent.protect import record
from zagent.protect.add import add
from zagent.protect.mirror.home import Mirror
from zagent.weights.model import Model

from tests.protect.litter import gone
from tests.protect.place import NAME, Place
from tests.weights import files
from tests.weights.conftest import adopted


@pytest.fixture
def sick(mirrored: Place) -> Place:
    """Two mirrors are set up; the first one's marker answers with an error that is not "it is not there"."""
    add(mirrored.store.settings.layout, "good", str(mirrored.copy.with_name("good")), same_device=True)
    mirrored.said("backup")
    mirrored.mirror.marker.unlink()
    mirrored.mirror.marker.symlink_to(mirrored.mirror.marker.name)
    return mirrored


def test_a_restore_asks_the_next_copy(sick: Place) -> None:
    """The sick one is named."""
    shutil.rmtree(sick.snapshot)
    said = sick.said("restore")
    assert f"The backup destination {sick.copy} failed: Too many levels of symbolic links" in said
    assert files.below(sick.snapshot) == files.needed()


def test_the_next_destination_has_its_backup_and_its_check(sick: Place) -> None:
    """The failure is told, and noted."""
    lost = Mirror(sick.copy.with_name("good")).files(sick.wanted) / files.SHARD
    lost.unlink()
    sick.said("backup", code=DestinationFailed.exit_code)
    assert lost.is_file()
    assert sick.record.run
    assert sick.record.run.exit_code == DestinationFailed.exit_code
    sick.said("backup", "check", code=DestinationFailed.exit_code)
    assert record.read(sick.store.settings.layout, "good").check


def test_gc_goes_on_without_it(sick: Place) -> None:
    """As without one that is away."""
    files.written(sick.snapshot, {"README.md": b"junk"})
    assert [one.kind for one in gone(sick)] == ["orphan"]


def test_what_the_system_says_of_the_data_root_is_noted_too(mirrored: Place) -> None:
    """And has the class that every command gives it."""
    path = mirrored.store.manifest_path(Model("some/one"))
    path.symlink_to(path.name)
    with pytest.raises(SystemRefused):
        mirrored.backup()
    assert mirrored.record.run
    assert mirrored.record.run.exit_code == SystemRefused.exit_code


@pytest.fixture(params=["flipped", "unreadable"])
def note(mirrored: Place, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The note of another data root that shares the mirror: one byte is flipped, or nobody can read it at all."""
    other = Place(adopted(tmp_path / "other"), mirrored.copy)
    other.fill(files.needed(seed=5))
    other.backup()
    path = mirrored.mirror.manifest(other.data_id, other.wanted)
    if request.param == "flipped":
        path.write_bytes(path.read_bytes().replace(b'"schema"', b'"sbhema"'))
    else:
        path.unlink()
        path.symlink_to(path.name)
    return path


def test_a_damaged_note_costs_no_other_set_its_use(mirrored: Place, note: Path) -> None:
    """Everything works as before; what can't be checked is named, with what mends it."""
    shutil.rmtree(mirrored.snapshot)
    mirrored.said("restore")
    said = mirrored.said("backup", "check", "--full")
    assert f"not checked, for the note {note} can't be read" in said
    assert "zagent backup   on the data root" in said
    assert "0 bad files" in said
    mirrored.said("backup")
    entries = mirrored.said("backup", "ls").splitlines()
    assert sorted("NOT PROVED" in one for one in entries) == [False, True]


def test_what_is_bad_in_a_set_whose_note_is_damaged_stays_known(mirrored: Place, note: Path) -> None:
    """Nobody has mended it."""
    other = Place(mirrored.root.with_name("other"), mirrored.copy)
    assert other.backup().copied == 0
    files.flip(other.kept / files.SHARD)
    mirrored.said("backup", "check", "--full", code=44)
    note.write_bytes(b"{")
    mirrored.said("backup", "check", code=44)
    other.backup()
    mirrored.said("backup", "check", code=44)
    other.said("backup", "check", "--full", code=44)
    other.backup()
    mirrored.said("backup", "check")


def test_a_damaged_note_is_made_anew_by_its_data_root(mirrored: Place, note: Path) -> None:
    """That is what is proposed, and no byte of weights is copied; until then its set stays."""
    other = Place(mirrored.root.with_name("other"), mirrored.copy)
    mirrored.fill(files.needed(seed=7))
    mirrored.backup()
    assert files.below(other.kept) == files.needed(seed=5)
    shutil.rmtree(other.snapshot)
    said = other.zagent("restore").output
    assert f"the note {note} can't be read" in said
    other.fill(files.needed(seed=5))
    assert other.backup().copied == 0
    shutil.rmtree(other.snapshot)
    other.said("restore")
    assert files.below(other.snapshot) == files.needed(seed=5)


def test_what_a_data_root_with_a_damaged_note_keeps_can_be_given_up(mirrored: Place, note: Path) -> None:
    """With its sets, as nothing is unknown any more."""
    mirrored.said("backup", "forget", NAME, note.parents[1].name)
    assert [one.name for one in mirrored.mirror.sets(mirrored.wanted).iterdir()] == [mirrored.kept.name]


def test_a_mirror_of_which_nothing_can_be_told_is_no_empty_one(mirrored: Place) -> None:
    """A restore says why, and what mends the note: it is not a pull."""
    path = mirrored.mirror.manifest(mirrored.data_id, mirrored.wanted)
    path.write_text("{")
    shutil.rmtree(mirrored.snapshot)
    said = mirrored.said("restore", code=DestinationFailed.exit_code)
    assert f"the note {path} can't be read" in said
    assert "zagent pull" not in said
