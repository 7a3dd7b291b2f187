"""A mirror that several data roots, models and versions share: nobody's half set goes, and no bad file is forgotten."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import pytest
from zagent.errors import SourceDamaged
from zagent.protect import backup, bad, destinations
from zagent.protect.mirror import notes
from zagent.weights import manifest
from zagent.weights.manifest import Manifest
from zagent.weights.model import Model
from zagent.weights.progress import Event, Progress

from tests.protect.litter import found, gone
from tests.protect.place import NAME, Place, made
from tests.weights import child, files
from tests.weights.conftest import adopted

V2 = Model(Model().id, "v2")


@pytest.fixture
def other(mirrored: Place, tmp_path: Path) -> Place:
    """Another data root with another version, which has the same mirror and has never backed up."""
    there = Place(adopted(tmp_path / "other"), mirrored.copy)
    there.fill(files.needed(seed=5))
    there.add()
    return there


def beside(place: Place, content: dict[str, bytes], model: Model = V2) -> Manifest:
    """One more model or revision on a data root."""
    files.written(place.store.snapshot(model), content)
    wanted = replace(made(content), model=model.id, revision=model.revision)
    manifest.write(place.store.manifest_path(model), wanted)
    return wanted


def half(place: Place) -> Path:
    """The half set that a data root's backup goes on from."""
    return place.mirror.half(place.wanted)


def test_settings_come_back_as_they_were_here(mirrored: Place, other: Place) -> None:
    """Not those of whoever backed up last."""
    for number, one in enumerate((mirrored, other)):
        one.store.settings.layout.users.write_text(str(number))
        one.backup()
    mirrored.store.settings.layout.users.unlink()
    mirrored.said("restore")
    assert mirrored.store.settings.layout.users.read_text() == "0"


def test_what_a_dying_disk_gave_stays_for_its_data_root(mirrored: Place, other: Place) -> None:
    """Neither another's backup nor its gc takes it; it may not come a second time, and need not."""
    files.flip(other.snapshot / files.SHARD)
    with pytest.raises(SourceDamaged):
        other.backup()
    saved = files.below(half(other))
    assert len(saved) == len(files.needed()) - 1
    mirrored.fill(files.needed(seed=7))
    mirrored.backup()
    assert gone(mirrored) == []
    assert files.below(half(other)) == saved
    files.written(other.snapshot, {files.SHARD: files.needed(seed=5)[files.SHARD]})
    assert other.backup().copied == len(files.needed()[files.SHARD])


def test_a_set_that_is_whole_and_not_noted_yet_stays_for_its_data_root(mirrored: Place, other: Place) -> None:
    """Its backup died between the two."""
    done = child.run("--data-root", str(other.root), "backup", point="mirror:named")
    assert done.returncode == -signal.SIGKILL
    mirrored.fill(files.needed(seed=7))
    mirrored.backup()
    assert other.backup().copied == 0


def test_one_revision_takes_no_half_set_of_another(mirrored: Place) -> None:
    """Each run brings both: the one that is whole goes first."""
    wanted = beside(mirrored, files.needed(seed=5))
    files.flip(mirrored.store.snapshot(V2) / files.SHARD)
    for _ in range(2):
        with pytest.raises(SourceDamaged):
            mirrored.backup()
        assert len(files.below(mirrored.mirror.half(wanted))) == len(wanted.files) - 1
    files.written(mirrored.store.snapshot(V2), {files.SHARD: files.needed(seed=5)[files.SHARD]})
    assert mirrored.backup().copied == len(files.needed()[files.SHARD])


def test_a_half_set_that_nobody_goes_on_from_can_go(mirrored: Place, other: Place) -> None:
    """Its data root has begun another version since, or was given up."""
    halves = []
    for seed in (5, 6):
        other.fill(files.needed(seed=seed))
        files.flip(other.snapshot / files.SHARD)
        with pytest.raises(SourceDamaged):
            other.backup()
        halves.append(half(other))
    assert [one.path for one in gone(mirrored)] == halves[:1]
    assert "NOT PROVED" in mirrored.said("backup", "ls")
    mirrored.said("backup", "forget", NAME, other.data_id)
    assert [one.path for one in gone(mirrored)] == halves[1:]


def test_a_note_of_what_is_begun_that_can_not_be_read_keeps_every_half_set(mirrored: Place, other: Place) -> None:
    """It may name any of them."""
    files.written(half(mirrored).with_name(f"{'0' * 64}.partial"), {"vae/config.json": b"{}"})
    assert "half backup" in found(mirrored).values()
    note = mirrored.mirror.begun(other.data_id, other.wanted)
    files.written(note.parent, {note.name: b"{"})
    assert "half backup" not in found(mirrored).values()


def test_a_damaged_model_keeps_no_other_from_being_copied(mirrored: Place) -> None:
    """Whichever comes first; both are told."""
    ruined = beside(mirrored, files.needed(seed=4), Model("aaa/first"))
    whole = beside(mirrored, files.needed(seed=5), Model("zzz/last"))
    for folder in (mirrored.store.snapshot(Model("aaa/first")), mirrored.snapshot):
        files.flip(folder / files.SHARD)
    (mirrored.kept / files.SHARD).unlink()
    said = mirrored.said("backup", code=SourceDamaged.exit_code)
    assert ruined.model in said
    assert f"{mirrored.wanted.model} was not backed up" in said
    assert files.below(mirrored.mirror.files(whole)) == files.needed(seed=5)


def test_equal_sets_of_two_revisions_both_come_back(mirrored: Place) -> None:
    """They are kept once, and known as both."""
    beside(mirrored, files.needed())
    assert mirrored.backup().copied == 0
    assert {one.revision for one in notes.sets(mirrored.mirror)} == {"master", "v2"}


def test_what_is_bad_of_another_data_root_is_not_mended_from_here(mirrored: Place, other: Place) -> None:
    """It stays known until its own backup has mended it, and status says whose turn it is."""
    other.backup()
    files.flip(other.kept / files.SHARD)
    mirrored.said("backup", "check", "--full", code=44)
    mirrored.backup()
    assert mirrored.record.bad
    assert mirrored.said("status", code=44).splitlines()[-1].startswith("next     zagent backup   on the data root")
    mirrored.said("backup", "check", code=44)
    other.said("backup", "check", "--full", code=44)
    assert f"zagent backup now {NAME}" in other.said("status", code=44).splitlines()[-1]
    other.backup()
    assert other.record.bad == []
    mirrored.said("backup", "check")
    assert mirrored.record.bad == []


def test_what_is_bad_of_a_set_that_was_given_up_is_bad_no_more(mirrored: Place, other: Place) -> None:
    """Nobody could mend it."""
    other.backup()
    files.flip(other.kept / files.SHARD)
    mirrored.said("backup", "check", "--full", code=44)
    mirrored.said("backup", "forget", NAME, other.data_id)
    mirrored.said("backup", "check")


def test_bad_files_of_two_versions_are_told_apart(mirrored: Place, other: Place) -> None:
    """Both are known, and each is copied again by its own data root."""
    other.backup()
    files.flip(mirrored.kept / files.SHARD)
    files.flip(other.kept / files.VAE)
    found_bad = {bad.key(mirrored.wanted): (files.SHARD,), bad.key(other.wanted): (files.VAE,)}
    for place in (mirrored, other):
        place.said("backup", "check", "--full", code=44)
        assert place.record.check
        assert place.record.check.bad == found_bad
    mirrored.backup()
    other.backup()
    assert files.below(mirrored.kept) == files.needed()
    assert files.below(other.kept) == files.needed(seed=5)


def meanwhile(place: Place, *words: str, code: int) -> Progress:
    """A progress that runs a command once its owner has begun."""
    left = [words]

    def tell(event: Event) -> None:
        if event["event"] == "begin" and left:
            place.said(*left.pop(), code=code)

    return Progress(tell)


def test_what_a_check_finds_during_a_backup_is_not_forgotten(mirrored: Place) -> None:
    """The backup has read the record before, and has not copied that file."""
    (mirrored.kept / files.VAE).unlink()
    files.flip(mirrored.kept / files.SHARD)
    progress = meanwhile(mirrored, "backup", "check", "--full", code=44)
    (where,) = destinations.known(mirrored.store.settings.layout)
    backup.backup(mirrored.store, where, progress)
    assert any(files.SHARD in one for one in mirrored.record.bad)
    mirrored.backup()
    assert files.below(mirrored.kept) == files.needed()


def test_a_backup_that_fails_during_a_check_has_failed(mirrored: Place) -> None:
    """The check has read the record before."""
    (mirrored.kept / files.SHARD).unlink()
    files.flip(mirrored.snapshot / files.SHARD)
    progress = meanwhile(mirrored, "backup", code=SourceDamaged.exit_code)
    (where,) = destinations.known(mirrored.store.settings.layout)
    backup.check(mirrored.store, where, progress, full=True)
    assert mirrored.record.failure


def test_what_a_backup_mends_during_a_check_is_mended(mirrored: Place) -> None:
    """Of what was known before; the check's own finding stays until the next."""
    files.flip(mirrored.kept / files.VAE)
    mirrored.said("backup", "check", "--full", code=44)
    (where,) = destinations.known(mirrored.store.settings.layout)
    backup.check(mirrored.store, where, meanwhile(mirrored, "backup", code=0), full=False)
    assert not any(files.VAE in one for one in mirrored.record.bad)


def test_a_set_that_a_backup_gives_up_during_a_check_is_not_bad(mirrored: Place) -> None:
    """Its files are gone, and nobody wants them any more."""
    mirrored.fill(files.needed(seed=7))
    (where,) = destinations.known(mirrored.store.settings.layout)
    backup.check(mirrored.store, where, meanwhile(mirrored, "backup", code=0), full=True)
    assert mirrored.record.bad == []


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["m sha256:own"], "zagent backup now disk2"),
        (["repository"], "zagent backup now disk2"),
        (["m sha256:theirs"], "zagent backup   on the data root that keeps it there"),
        (["m sha256:theirs", "m sha256:own"], "zagent backup now disk2"),
    ],
)
def test_bad_files_are_mended_from_where_their_set_is(names: list[str], says: str) -> None:
    """From here, if it is here."""
    assert bad.mending(dict.fromkeys(names, ("a",)), {"sha256:own"}, "disk2").startswith(says)


def test_bad_files_are_put_together_and_taken_apart() -> None:
    """By set and path."""
    one, other = {"m": ("a", "b"), "n": ("c",)}, {"m": ("b", "d")}
    assert bad.union(one, other) == {"m": ("a", "b", "d"), "n": ("c",)}
    assert bad.minus(one, other) == {"m": ("a",), "n": ("c",)}
    assert bad.minus(other, other) == {}
    assert bad.named({f"o/m sha256:{'0' * 64}": ("a",), "repository": ("x",)}) == [
        "a of o/m (sha256:000000000000…)",
        "x of repository",
    ]
