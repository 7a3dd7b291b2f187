"""`zagent volume mount` among several real disks."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result
from zagent.cli.commands import app
from zagent.errors import MountFailed, RootNeeded
from zagent.volume import guard, mounts, remount
from zagent.volume.layout import Layout

from tests.filesystems.disks import Bench, Volume, adopted, another_user, everything, image_digest, run

pytestmark = pytest.mark.root


@pytest.fixture(autouse=True)
def only_ours(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other disks of this machine are left alone."""
    real = remount.unmounted

    def unmounted(mounted: list[mounts.Mount]) -> list[str]:
        ours = {one.device for one in bench.volumes}
        return [one for one in real(mounted) if one in ours]

    monkeypatch.setattr(remount, "unmounted", unmounted)


@pytest.fixture
def target(bench: Bench) -> Path:
    """Where the data root should be: an empty folder."""
    return bench.folder("data")


def mounting(root: Path, *more: str) -> Result:
    """`zagent volume mount` as a person would type it."""
    return CliRunner().invoke(app, ["--data-root", str(root), "volume", "mount", *more])


def test_the_disk_with_the_marker_is_found_and_mounted(bench: Bench, target: Path) -> None:
    """Among a bare disk and one of other files; with options that fit data; twice is a no-op that says so."""
    bare, other, ours = bench.disk("xfs"), bench.disk("ext4"), bench.disk("xfs")
    (other.folder / "photo.png").write_bytes(b"theirs")
    known = guard.identify(adopted(ours.folder))
    for one in (bare, other, ours):
        one.umount()
    done = mounting(target)
    assert (done.exit_code, done.stdout) == (0, f"{ours.device} mounted at {target}\n")
    assert guard.guard(target, target) == known
    mount = mounts.of(target)
    assert mount is not None
    assert {"noatime", "nosuid", "nodev", "rw"} <= mount.options
    assert "is mounted already" in mounting(target).stdout


def cut_off(volume: Volume) -> None:
    """Leave the disk as a power cut just after a sync would: what is in the journal is nowhere else yet."""
    run("sync")
    cut = shutil.copyfile(volume.image, volume.image.with_name("cut.img"))
    volume.umount()
    volume.detach()
    shutil.copyfile(cut, volume.image)
    volume.attach()


@pytest.mark.parametrize("kind", ["xfs", "ext4 with a journal"])
def test_looking_changes_no_byte_not_even_a_dirty_journal(bench: Bench, kind: str) -> None:
    """A disk that was cut off in mid-work is left for whoever mounts it for good to replay."""
    volume = bench.disk(kind)
    adopted(volume.folder)
    volume.umount()
    volume.mount()
    (volume.folder / "last words").write_text("not yet in place")
    cut_off(volume)
    before = image_digest(volume)
    assert [one.uuid is not None for one in remount.attached()] == [True]
    assert image_digest(volume) == before
    volume.mount()
    volume.umount()
    assert image_digest(volume) != before, "the journal was clean: this test proves nothing"


def test_a_marker_that_is_only_in_the_journal_is_not_found(bench: Bench, target: Path) -> None:
    """A blind spot, the price of changing nothing: cut off just after adopting, the disk must be mounted by hand."""
    volume = bench.disk("xfs")
    adopted(volume.folder)
    cut_off(volume)
    done = mounting(target)
    assert (done.exit_code, "its journal was left alone" in done.stderr) == (MountFailed.exit_code, True)
    volume.mount()
    assert guard.identify(volume.folder)


def test_two_data_volumes_are_not_chosen_between(bench: Bench, target: Path) -> None:
    """Refused with both named; --uuid picks one."""
    first, second = bench.disk("xfs"), bench.disk("ext4")
    known = [guard.identify(adopted(one.folder)) for one in (first, second)]
    for one in (first, second):
        one.umount()
    done = mounting(target)
    assert done.exit_code == MountFailed.exit_code
    assert all(f"--uuid {one.fs_uuid}" in done.stderr for one in known)
    assert not target.is_mount()
    assert mounting(target, "--uuid", str(known[1].fs_uuid)).exit_code == 0
    assert guard.identify(target) == known[1]
    assert mounting(target, "--uuid", str(known[0].fs_uuid)).exit_code == MountFailed.exit_code


def test_two_copies_of_one_volume_are_not_chosen_between(bench: Bench, target: Path) -> None:
    """A uuid can't tell a disk from its clone: both devices are named, and the command that mounts one by hand."""
    first, second = bench.disk("ext4"), bench.disk("ext4")
    adopted(first.folder)
    for one in (first, second):
        one.umount()
    run("dd", f"if={first.device}", f"of={second.device}", "bs=1M", "status=none", "conv=fsync")
    done = mounting(target)
    assert done.exit_code == MountFailed.exit_code
    assert all(word in done.stderr for word in (first.device, second.device, "copies of one", "mount by hand"))


def test_a_folder_with_files_is_never_hidden(bench: Bench, target: Path) -> None:
    """The mount would hide what a person wrote there; nothing of it is touched."""
    volume = bench.disk("xfs")
    adopted(volume.folder)
    volume.umount()
    (target / "notes.txt").write_text("mine")
    before = everything(target)
    done = mounting(target)
    assert (done.exit_code, "would hide" in done.stderr) == (MountFailed.exit_code, True)
    assert everything(target) == before


def test_another_disk_in_the_place_is_named(bench: Bench) -> None:
    """It is not mounted over; the person is told which device to unmount."""
    volume, other = bench.disk("xfs"), bench.disk("ext4")
    adopted(volume.folder)
    volume.umount()
    done = mounting(other.folder)
    assert (done.exit_code, f"{other.device} is mounted there" in done.stderr) == (MountFailed.exit_code, True)


def test_what_was_looked_at_is_told(bench: Bench, target: Path) -> None:
    """No marker, a damaged one, a copied one: each disk is named with its reason, and none is mounted."""
    bare, damaged, copied, source = (bench.disk("ext4") for _ in range(4))
    Layout(adopted(damaged.folder)).marker.write_text("{")
    run("cp", "-a", adopted(source.folder) / ".zagent", copied.folder)
    for one in (bare, damaged, copied):
        one.umount()
    done = mounting(target)
    assert done.exit_code == MountFailed.exit_code
    assert f"{bare.device} (ext4, no marker; its journal was left alone)" in done.stderr
    assert f"{damaged.device} (ext4, can't be looked at: " in done.stderr
    assert f"{copied.device} (ext4, carries another disk's marker)" in done.stderr
    assert source.device not in done.stderr
    assert not target.is_mount()


def test_no_disk_leaves_no_folder(bench: Bench) -> None:
    """A failed rescue does not make the folder that later looks like an empty data root."""
    assert mounting(bench.base / "data").exit_code == MountFailed.exit_code
    assert not (bench.base / "data").exists()


def test_a_disk_that_will_not_mount_leaves_no_folder(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found, but the mount itself fails: the folder made for it is gone again."""
    volume = bench.disk("ext4")
    adopted(volume.folder)
    volume.umount()
    monkeypatch.setattr(remount, "OPTIONS", "no_such_option")
    assert mounting(bench.base / "data").exit_code == MountFailed.exit_code
    assert not (bench.base / "data").exists()


def test_only_root_can_mount(bench: Bench, target: Path) -> None:
    """Said at once, before any disk is looked at."""
    with another_user():
        assert mounting(target).exit_code == RootNeeded.exit_code


def test_no_look_stays_mounted(bench: Bench, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look ends with its unmount and takes its folder away."""
    monkeypatch.setattr(tempfile, "tempdir", str(bench.base))
    bench.disk("xfs").umount()
    mounting(target)
    assert not [one for one in mounts.current() if bench.base in one.path.parents]
    assert not list(bench.base.glob("zagent-look-*"))
