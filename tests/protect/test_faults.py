"""Disks that fill up, fail, vanish or take no writes, for real: loop devices and memory of a few megabytes."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest
from zagent.errors import DestinationFailed, NotEnoughSpace
from zagent.volume import space

from tests.filesystems.conftest import bench
from tests.filesystems.disks import Bench, Volume, adopted, fill, run
from tests.protect.place import NAME, Place
from tests.weights import child, files
from tests.weights.test_disks import first_block

__all__ = ["bench"]

pytestmark = pytest.mark.root


@pytest.fixture
def disks(bench: Bench) -> Place:
    """A data root on one disk, the mirror on another."""
    kind = "ext4 in one group"  # so that what lies where does not hang on chance
    made = Place(adopted(bench.disk(kind).folder), bench.disk(kind).folder / "zagent")
    made.fill(files.needed())
    return made


@pytest.fixture
def kept(disks: Place) -> Place:
    """The same, backed up."""
    disks.backup()
    return disks


def disk(bench: Bench, folder: Path) -> Volume:
    """The disk that is mounted at a folder, or above."""
    return next(one for one in bench.volumes if one.folder in (folder, *folder.parents))


def test_another_disk_is_told_from_the_same(bench: Bench, disks: Place) -> None:
    """By the device, through whatever mounts: what takes the one would take the other."""
    beside = bench.bind(disks.root)
    said = disks.said("backup", "add", NAME, str(beside / "copy"), code=41)
    assert "as the weights do" in said or "on the data root itself" in said
    disks.said("backup", "add", NAME, str(disks.copy))
    disks.said("backup", "add", NAME, str(disks.copy))
    assert "is another destination's name" in disks.said("backup", "add", NAME, "/mnt", code=41)


def test_a_folder_with_other_things_in_it_becomes_no_mirror(disks: Place) -> None:
    """It may be anything; a folder within it is proposed."""
    said = disks.said("backup", "add", NAME, str(disks.copy.parent), code=41)  # ext4's lost+found
    assert f"zagent backup add NAME {disks.copy.parent}/zagent" in said
    assert "mkdir -p" in disks.said("backup", "add", NAME, "/nowhere/at/all", code=41)


@pytest.mark.parametrize("target", ["copy", "ftp://host/x", "", "restic:copy", "rest:https://me:secret@host/"])
def test_a_target_that_is_none(disks: Place, target: str) -> None:
    """Each is refused with what would be one; a password in an address is everyone's to see."""
    said = disks.said("backup", "add", NAME, "--", target, code=41)
    assert "restic:/PATH" in said
    assert "secret" not in said


def test_a_destination_without_room_is_told_before_a_byte_is_copied(bench: Bench, disks: Place) -> None:
    """With both figures; when there is room, all is well."""
    ballast = disks.copy.parent / "ballast"
    disks.add()
    ballast.write_bytes(bytes(space.of(ballast.parent).free - 1_000_000))
    with pytest.raises(NotEnoughSpace):
        disks.backup()
    assert files.below(disks.copy / "models") == {}
    ballast.unlink()
    assert disks.backup().copied == disks.wanted.size


def test_a_destination_that_fills_up_meanwhile(disks: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Someone else takes the room: one error, only whole files under final names, then it goes on."""
    ballast = disks.copy.parent / "filler"
    disks.add()
    fill(ballast.parent)
    os.truncate(ballast, ballast.stat().st_size - 800_000)
    with monkeypatch.context() as patch:
        patch.setattr(space, "of", lambda path: space.Space(size=0, free=10**12))
        with pytest.raises(DestinationFailed, match="No space left"):
            disks.backup()
    half = files.below(disks.copy / "models")
    assert all(content in files.needed().values() for content in half.values())
    ballast.unlink()
    assert disks.backup().copied == disks.wanted.size - sum(map(len, half.values()))
    assert files.below(disks.kept) == files.needed()


def test_a_restore_onto_a_full_disk(bench: Bench, kept: Place) -> None:
    """Refused before anything is touched; what is right stays."""
    (kept.snapshot / files.VAE).unlink()
    fill(kept.root)
    before = files.below(kept.snapshot)
    kept.said("restore", code=15)
    assert files.below(kept.snapshot) == before
    (kept.root / "filler").unlink()
    kept.said("restore")
    assert files.below(kept.snapshot) == files.needed()


def test_a_data_root_that_takes_no_writes_is_backed_up_all_the_same(bench: Bench, kept: Place) -> None:
    """A disk that is dying is the one to copy from; that it could not be noted there is said."""
    shutil.rmtree(kept.kept)
    run("mount", "-o", "remount,ro", kept.root)
    said = kept.said("backup")
    assert "was not noted" in said
    assert files.below(kept.kept) == files.needed()


def test_a_destination_that_takes_no_writes(bench: Bench, kept: Place) -> None:
    """A backup is refused, also after the filesystem's own error, which the mount does not show; a restore works."""
    kept.fill(files.needed(seed=5))
    error = Path(f"/sys/fs/ext4/{Path(disk(bench, kept.copy).device).name}/trigger_fs_error")
    run("tune2fs", "-e", "remount-ro", disk(bench, kept.copy).device)
    run("mount", "-o", "remount,errors=remount-ro", kept.copy.parent)
    error.write_text("1")
    assert "Read-only file system" in kept.said("backup", code=49)
    shutil.rmtree(kept.snapshot)
    kept.fill(files.needed())
    shutil.rmtree(kept.snapshot)
    kept.said("restore")
    assert files.below(kept.snapshot) == files.needed()


def test_the_data_volume_is_not_mounted(bench: Bench, kept: Place) -> None:
    """Every command refuses, and nothing is written beneath the mount."""
    disk(bench, kept.root).umount()
    for words in (["backup"], ["backup", "check"], ["restore"], ["restore", "--from", str(kept.copy)]):
        assert "has no marker" in kept.said(*words, code=11)
    assert list(kept.root.iterdir()) == []


@pytest.mark.parametrize("side", ["source", "copy"])
def test_blocks_that_can_not_be_read(bench: Bench, kept: Place, side: str) -> None:
    """The file is named; every other one is copied or comes back."""
    gone, there = (kept.kept, kept.snapshot) if side == "source" else (kept.snapshot, kept.kept)
    shutil.rmtree(gone)
    if side == "copy":
        behind_all(there / files.SHARD)  # or the note of what the mirror holds could lie there, and be lost
        run("mount", "-o", "remount,ro", kept.copy.parent)  # or a write that its journal owes may meet the end first
    lost = cut_short(disk(bench, there), there)
    said = kept.said("backup", code=43) if side == "source" else kept.said("restore", code=48)
    assert min(lost) in said
    # A data root is written to: what lands behind the cut makes the image longer again, and its holes read as zeros.
    assert "Input/output error" in said or (side == "source" and "is not what its manifest says" in said)
    half = gone if side == "copy" else gone.with_name(f"{gone.name}.partial")
    assert files.below(half) == {path: content for path, content in files.needed().items() if path not in lost}


def behind_all(path: Path) -> None:
    """Write a file anew, so that it lies behind all that is on its disk by now."""
    again = path.with_name("again")
    shutil.copyfile(path, again)
    os.sync()
    again.replace(path)


def cut_short(volume: Volume, folder: Path) -> set[str]:
    """Cut the end of the disk off where the last of the weights begin; the files that can't be read since."""
    end = max(first_block(path) for path in folder.rglob("*.safetensors"))
    os.sync()
    os.truncate(volume.image, end)
    Path("/proc/sys/vm/drop_caches").write_text("3")
    lost = {path for path in files.needed() if not readable(folder / path)}
    Path("/proc/sys/vm/drop_caches").write_text("3")
    assert 0 < len(lost) < len(files.needed())
    return lost


def readable(path: Path) -> bool:
    """Whether the disk still gives a file."""
    try:
        path.read_bytes()
    except OSError:
        return False
    return True


def test_two_at_once(kept: Place) -> None:
    """The second is told who is first and since when; a killed one holds nothing."""
    shutil.rmtree(kept.kept)
    first = child.start("--data-root", str(kept.root), "backup", point="mirror:copied", nth=1, sends=signal.SIGSTOP)
    try:
        os.waitid(os.P_PID, first.pid, os.WSTOPPED | os.WNOWAIT)
        for words in (["backup"], ["restore"], ["pull"]):
            said = kept.said(*words, code=27)
            assert f"`zagent backup` (process {first.pid} on" in said
    finally:
        first.kill()
        first.communicate()
    kept.said("backup")
    assert files.below(kept.kept) == files.needed()


def test_a_damaged_manifest_is_called_that(kept: Place) -> None:
    """Not a hundred damaged files; the restore makes it anew from the copy."""
    path = kept.store.settings.layout.manifest("Tongyi-MAI/Z-Image-Turbo")
    path.write_text(path.read_text()[:-100])
    assert "The manifest" in kept.said("backup", code=29)
    kept.said("restore")
    assert kept.wanted.size == sum(map(len, files.needed().values()))


def test_a_clock_that_was_years_ahead(kept: Place) -> None:
    """The newest set is the one that is recorded here, whatever its date says."""
    future = 2**31 - 1
    for path in kept.copy.rglob("*.json"):
        os.utime(path, (future, future))
    kept.fill(files.needed(seed=5))
    kept.backup()
    shutil.rmtree(kept.snapshot)
    kept.said("restore")
    assert files.below(kept.snapshot) == files.needed(seed=5)
