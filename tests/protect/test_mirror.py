"""A mirror: what a backup copies, what it refuses, what it keeps."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from zagent.errors import DestinationMissing, SourceDamaged
from zagent.protect import bad
from zagent.protect.engine import PARTS
from zagent.protect.mirror import check, notes

from tests.protect.place import NAME, Place, made
from tests.weights import files
from tests.weights.conftest import adopted

CONFIG = "vae/config.json"


def test_a_first_backup_is_the_files_themselves(place: Place) -> None:
    """Plain copies under their own names: nobody needs zagent to get them out."""
    done = place.backup()
    assert done.copied == place.wanted.size
    assert done.sets == {"Tongyi-MAI/Z-Image-Turbo": place.wanted.set_digest}
    assert files.below(place.kept) == files.needed()
    assert place.record.success is not None
    assert place.record.success.sets == done.sets


def test_where_nothing_changed_nothing_is_read(mirrored: Place) -> None:
    """Not a byte of the weights: their files could not even be opened."""
    for path in mirrored.snapshot.rglob("*.safetensors"):
        os.truncate(path, 0)
        path.unlink()
        path.mkdir()
    assert mirrored.backup().copied == 0


@pytest.mark.parametrize("how", ["flipped", "cut short", "grown", "missing", "two of them swapped"])
def test_damaged_weights_are_refused(place: Place, how: str) -> None:
    """By name; what was copied is good, and no set that is not whole gets a final name."""
    damage(place.snapshot / files.SHARD, how)
    with pytest.raises(SourceDamaged) as refused:
        place.backup()
    swapped = files.SHARD.replace("00002-of", "00001-of")
    assert refused.value.facts["path"] in (files.SHARD, swapped if how == "two of them swapped" else "")
    assert not place.kept.exists()
    half = files.below(place.kept.with_name(f"{place.kept.name}.partial"))
    assert half.items() <= files.needed().items()
    assert place.record.run is not None
    assert place.record.run.exit_code == SourceDamaged.exit_code
    assert place.record.success is None


def damage(path: Path, how: str) -> None:
    """Damage a file; its time of change stays, as when a disk does it."""
    stat = path.stat()
    if how == "flipped":
        files.flip(path)
    elif how == "cut short":
        os.truncate(path, path.stat().st_size - 1)
    elif how == "grown":
        path.write_bytes(path.read_bytes() + b"x")
    elif how == "missing":
        path.unlink()
        return
    else:
        other = path.with_name(path.name.replace("00002-of", "00001-of"))
        first, second = path.read_bytes(), other.read_bytes()
        path.write_bytes(second)
        other.write_bytes(first)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def test_a_new_version_takes_the_old_ones_place_only_when_it_is_whole(mirrored: Place) -> None:
    """Until then the old one stands, file for file; then it goes."""
    old, before = mirrored.kept, files.below(mirrored.kept)
    new = files.needed(seed=5)
    mirrored.fill(new)
    files.flip(mirrored.snapshot / files.SHARD)
    with pytest.raises(SourceDamaged):
        mirrored.backup()
    assert files.below(old) == before
    files.written(mirrored.snapshot, {files.SHARD: new[files.SHARD]})
    mirrored.backup()
    assert files.below(mirrored.kept) == new
    assert not old.exists()


def test_a_new_version_shares_what_it_has_in_common_with_the_old_one(mirrored: Place) -> None:
    """Only what differs is copied, and needs room."""
    mirrored.fill({**files.needed(), CONFIG: b'{"other": 1}'})
    assert mirrored.backup().copied == len(b'{"other": 1}')
    assert files.below(mirrored.kept) == {**files.needed(), CONFIG: b'{"other": 1}'}


def test_what_is_shared_is_proved_first(mirrored: Place) -> None:
    """A file that time has damaged in the old version does not come into the new one."""
    files.flip(mirrored.kept / files.SHARD)
    mirrored.fill({**files.needed(), CONFIG: b'{"other": 1}'})
    mirrored.backup()
    assert files.below(mirrored.kept) == {**files.needed(), CONFIG: b'{"other": 1}'}


def test_two_data_roots_share_one_mirror(mirrored: Place, tmp_path: Path) -> None:
    """Equal sets are kept once; that of one data root stays though the other has another version now."""
    other = Place(adopted(tmp_path / "other"), mirrored.copy)
    other.fill(files.needed())
    assert other.backup().copied == 0
    other.fill(files.needed(seed=5))
    other.backup()
    assert files.below(mirrored.kept) == files.needed()
    assert files.below(other.kept) == files.needed(seed=5)
    assert {one.id for one in notes.entries(mirrored.mirror)} == {mirrored.data_id, other.data_id}


def test_a_mirror_that_is_not_mounted_is_never_made_anew(mirrored: Place) -> None:
    """Its mount point is a folder on another disk then: nothing is written there."""
    shutil.move(mirrored.copy, mirrored.copy.with_name("unplugged"))
    mirrored.copy.mkdir()
    with pytest.raises(DestinationMissing, match=r"the folder has no zagent-mirror\.json"):
        mirrored.backup()
    assert list(mirrored.copy.iterdir()) == []


def test_a_foreign_manifest_in_a_mirror_keeps_every_set(mirrored: Place) -> None:
    """What can't be read may name any of them; the backup is done all the same, and says which note it is."""
    note = mirrored.mirror.manifest("someone", mirrored.wanted)
    files.written(note.parent, {note.name: b"{"})
    kept = mirrored.kept
    mirrored.fill(files.needed(seed=5))
    assert f"the note {note} can't be read" in mirrored.said("backup")
    assert files.below(kept) == files.needed()
    assert files.below(mirrored.kept) == files.needed(seed=5)


def test_the_parts_of_a_check_are_all_of_it() -> None:
    """Each file is in one of them, and none is much larger than another."""
    wanted = made({f"{number}.json": bytes(number) for number in range(1, 40)}).files
    parts = [check.part(wanted, number) for number in range(PARTS)]
    assert sorted(file for part in parts for file in part) == sorted(wanted)
    sizes = [sum(file.size for file in part) for part in parts]
    assert max(sizes) - min(sizes) <= 39


def test_a_check_finds_what_time_did_to_a_copy_and_the_next_backup_mends_it(mirrored: Place) -> None:
    """Seven checks have read everything; a backup alone looks at sizes, and the check's finding is what it acts on."""
    files.flip(mirrored.kept / files.SHARD)
    assert mirrored.backup().copied == 0, "a backup does not read what it has"
    codes = [mirrored.zagent("backup", "check").exit_code for _ in range(PARTS)]
    assert set(codes) == {0, 44}
    assert mirrored.record.check is not None
    assert mirrored.record.check.bad == {bad.key(mirrored.wanted): (files.SHARD,)}
    assert mirrored.backup().copied == len(files.needed()[files.SHARD])
    assert files.below(mirrored.kept) == files.needed()
    assert f"{NAME}: all of it read, 0 bad files" in mirrored.said("backup", "check", "--full")


def test_a_bad_copy_that_a_damaged_source_can_not_mend_stays_known(mirrored: Place) -> None:
    """The next backup tries again."""
    files.flip(mirrored.kept / files.SHARD)
    files.flip(mirrored.snapshot / files.SHARD)
    mirrored.said("backup", "check", "--full", code=44)
    with pytest.raises(SourceDamaged):
        mirrored.backup()
    assert mirrored.record.check is not None
    assert mirrored.record.check.bad


def test_what_another_data_root_keeps_can_be_given_up(mirrored: Place, tmp_path: Path) -> None:
    """By the beginning of its id; what both keep stays, and one's own is refused."""
    other = Place(adopted(tmp_path / "other"), mirrored.copy)
    other.fill(files.needed(seed=5))
    other.backup()
    mirrored.said("backup", "forget", NAME, other.data_id[:8])
    assert not other.kept.exists()
    assert files.below(mirrored.kept) == files.needed()
    assert "own" in mirrored.said("backup", "forget", NAME, mirrored.data_id, code=101)
    assert "no id begins with nothing" in mirrored.said("backup", "forget", NAME, "nothing", code=101)
    assert "an empty ID names no state" in mirrored.said("backup", "forget", NAME, "", code=2)
