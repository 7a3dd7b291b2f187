"""Which version a restore brings: the recorded one or none, whichever copies there are, unless a person names one."""

from __future__ import annotations

import json
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from zagent.errors import NotEnoughSpace, NothingToRestore, OtherVersion, RestoreIncomplete
from zagent.protect.version import choose
from zagent.volume import space
from zagent.weights import manifest
from zagent.weights.model import Model

from tests.filesystems import disks
from tests.filesystems.conftest import bench
from tests.filesystems.disks import Bench
from tests.protect.place import Place, made
from tests.weights import child, files
from tests.weights.conftest import adopted

__all__ = ["bench"]

OLD, NEW = files.needed(), files.needed(seed=5)
OTHER = Model("AAA/x")


@pytest.fixture
def newer(mirrored: Place) -> Place:
    """A newer version is recorded than the mirror has; one of its files is bad."""
    mirrored.fill(NEW)
    files.flip(mirrored.snapshot / files.SHARD)
    return mirrored


def second(place: Place) -> Place:
    """Another mirror, which comes after the first, with what is on the data root."""
    found = Place(place.root, place.copy.with_name("second"))
    place.said("backup", "add", "third", str(found.copy), "--same-device")
    place.said("backup", "now", "third")
    return found


def another(place: Place) -> Path:
    """The folder of another model, which no copy has; it comes first."""
    folder = place.store.snapshot(OTHER)
    files.written(folder, OLD)
    manifest.write(place.store.manifest_path(OTHER), replace(made(OLD), model=OTHER.id))
    return folder


def test_what_is_recorded_here_is_what_comes_back() -> None:
    """A copy may hold other versions, too; one of them only where another is wanted or nothing is recorded."""
    old, new = made(OLD), made(NEW)
    assert choose(old, [new, old], exact=True) == old
    assert choose(old, [new, old], exact=False) == old
    assert choose(None, [new, old], exact=True) == new
    assert choose(old, [new], exact=True) is None
    assert choose(old, [new], exact=False) == new
    assert choose(old, [], exact=False) is None


def test_an_older_copy_takes_no_newer_ones_place_unasked(newer: Place) -> None:
    """Its good files and its record stay as they are; what can be done is told, and a dry run tells the same."""
    before, wanted = files.below(newer.snapshot), newer.wanted
    for words in (["restore", "--dry-run"], ["restore"]):
        said = newer.said(*words, code=OtherVersion.exit_code)
        assert str(newer.copy) in said
        assert "pull Tongyi-MAI/Z-Image-Turbo --repair" in said
        assert "restore --from" in said
    assert files.below(newer.snapshot) == before
    assert newer.wanted == wanted


def test_it_does_where_a_person_names_it(newer: Place) -> None:
    """That this is another version is said."""
    assert "another version" in newer.said("restore", "--from", str(newer.copy))
    assert files.below(newer.snapshot) == OLD
    assert newer.wanted == made(OLD)


def test_nothing_is_done_where_the_recorded_set_is_whole(mirrored: Place) -> None:
    """Though no copy has it."""
    mirrored.fill(NEW)
    before = {one: one.stat().st_ino for one in mirrored.snapshot.rglob("*")}
    assert mirrored.told("restore")["bytes"] == 0
    assert {one: one.stat().st_ino for one in mirrored.snapshot.rglob("*")} == before
    assert mirrored.wanted == made(NEW)


def test_a_stale_copy_hides_none_that_has_it(mirrored: Place) -> None:
    """Though it is asked first."""
    mirrored.fill(NEW)
    copy = second(mirrored)
    files.flip(mirrored.snapshot / files.SHARD)
    assert str(copy.copy) in mirrored.said("restore")
    assert files.below(mirrored.snapshot) == NEW


def test_where_nothing_is_recorded_the_newest_of_the_first_copy_comes(mirrored: Place, tmp_path: Path) -> None:
    """As on a new data root, or where a pull was cut off."""
    mirrored.fill(NEW)
    mirrored.backup()
    fresh = Place(adopted(tmp_path / "fresh"), mirrored.copy)
    fresh.said("restore", "--from", str(fresh.copy))
    assert files.below(fresh.snapshot) == NEW


def test_files_of_two_versions_are_not_mixed(mirrored: Place) -> None:
    """Where the first copy can't give all of one, none of another takes the place of what came."""
    mirrored.fill(NEW)
    second(mirrored)
    files.flip(mirrored.mirror.files(made(OLD)) / files.SHARD)
    shutil.rmtree(mirrored.snapshot)
    mirrored.store.manifest_path(Model()).unlink()
    mirrored.said("restore", code=RestoreIncomplete.exit_code)
    came = files.below(mirrored.snapshot)
    assert came == {path: data for path, data in OLD.items() if path != files.SHARD}


def test_a_kill_does_not_forget_which_version_it_was(mirrored: Place) -> None:
    """A copy may name another origin of the same bytes: the record is never withdrawn for it."""
    own = replace(made(OLD), source="a hub", commit="abc")
    manifest.write(mirrored.store.manifest_path(Model()), own)
    files.flip(mirrored.snapshot / files.SHARD)
    done = child.run("--data-root", str(mirrored.root), "restore", point="copying:file-done", nth=1)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert mirrored.wanted == own
    mirrored.said("restore")
    assert mirrored.wanted == own


@pytest.mark.root
def test_without_room_for_another_version_the_recorded_one_stays(bench: Bench, tmp_path: Path) -> None:
    """It is asked for, refused, and nothing has changed."""
    place = Place(disks.adopted(bench.disk("ext4 in one group").folder), tmp_path / "copy")
    place.fill(OLD)
    place.backup()
    place.fill(NEW)
    (place.root / "ballast").write_bytes(bytes(space.of(place.root).free - 1_000_000))
    place.said("restore", "--from", str(place.copy), code=NotEnoughSpace.exit_code)
    assert files.below(place.snapshot) == NEW
    assert place.wanted == made(NEW)


@pytest.mark.parametrize(("words", "whose"), [((), "the newest version that a copy has"), (("--from",), "that copy")])
def test_a_record_that_can_not_be_read_is_told(mirrored: Place, words: tuple[str, ...], whose: str) -> None:
    """For another version than it was of may come then; a dry run tells it, too."""
    path = mirrored.store.manifest_path(Model())
    path.write_text("junk")
    given = [*words, *(str(mirrored.copy) for _ in words)]
    for command in (["restore", *given, "--dry-run"], ["restore", *given]):
        told = [line for line in mirrored.said(*command).splitlines() if f"{path} can't be read" in line]
        assert len(told) == 1
        assert whose in told[0]
    assert mirrored.wanted == made(OLD)
    assert "can't be read" not in mirrored.said("restore", *given)


def test_a_model_that_fails_keeps_no_other_from_coming_back(mirrored: Place) -> None:
    """The first error is the command's; what comes after it is brought."""
    (another(mirrored) / files.VAE).unlink()
    (mirrored.snapshot / files.VAE).unlink()
    said = mirrored.said("restore", code=NothingToRestore.exit_code)
    assert OTHER.id in said
    assert files.below(mirrored.snapshot) == OLD


def test_a_whole_model_that_no_copy_has_is_no_failure(mirrored: Place) -> None:
    """It is there, and the damaged one comes back."""
    folder = another(mirrored)
    (mirrored.snapshot / files.VAE).unlink()
    mirrored.said("restore")
    assert files.below(mirrored.snapshot) == OLD
    assert files.below(folder) == OLD


def test_a_first_failure_is_told_once(mirrored: Place) -> None:
    """When it happened: what comes after it may take an hour."""
    (another(mirrored) / files.VAE).unlink()
    (mirrored.snapshot / files.VAE).unlink()
    lines = mirrored.said("restore", "--json", code=NothingToRestore.exit_code).splitlines()
    told = [json.loads(line)["event"] for line in lines]
    assert [one for one in told if one in ("error", "restored")] == ["error", "restored"]


def test_all_that_fail_are_told(newer: Place) -> None:
    """Each with what to do."""
    (another(newer) / files.VAE).unlink()
    said = newer.said("restore", code=NothingToRestore.exit_code)
    assert said.count(f"Nothing to restore {OTHER.id} from") == 1, "when it happened, and not again in the end"
    assert made(NEW).set_digest in said
