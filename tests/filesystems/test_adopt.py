"""`zagent volume adopt` and `show` on real disks."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result
from zagent import durable, points
from zagent.cli.commands import app
from zagent.errors import ForeignVolume, NotWritable, ReadOnlyVolume, UnsuitableVolume, VolumeFull
from zagent.volume import adopt, disk, guard, marker, mounts
from zagent.volume.layout import Layout
from zagent.volume.suitable import Ask, Facts

from tests.filesystems.disks import Bench, another_user, everything, fill, run

pytestmark = pytest.mark.root

ROOMY = "64G"
"""Sparse: adopting asks for 40 GB free."""


def adopting(path: Path | str, *more: str) -> Result:
    """`zagent volume adopt` as a person would type it."""
    return CliRunner().invoke(app, ["volume", "adopt", str(path), *more])


@pytest.mark.parametrize("kind", ["xfs", "ext4"])
def test_a_mounted_disk_is_adopted_once(bench: Bench, kind: str) -> None:
    """The marker holds the filesystem's own uuid; a second time changes nothing, not even a time, and says so."""
    volume = bench.disk(kind, ROOMY)
    assert adopting(volume.folder).exit_code == 0
    found = guard.guard(volume.folder, volume.folder)
    uuid = run("blkid", "-p", "-s", "UUID", "-o", "value", volume.device)
    assert (found.fs_uuid, found.fs_type, found.kind) == (uuid, kind, "data-disk")
    before = everything(volume.folder)
    again = adopting(volume.folder)
    assert (again.exit_code, "already; nothing was changed" in again.stdout) == (0, True)
    assert everything(volume.folder) == before


def test_it_says_what_it_found(bench: Bench) -> None:
    """Device, filesystem, uuid, size, and that the disk is but a file."""
    volume = bench.disk("xfs", ROOMY)
    said = adopting(volume.folder).stderr
    for word in (volume.device, "xfs", str(disk.filesystem_uuid(volume.folder)), "GB free", str(volume.image)):
        assert word in said


@pytest.mark.parametrize("shape", ["{}/", "{}/.", "{}/../{name}", "link", "link/"])
def test_however_the_path_is_written_the_mount_is_meant(bench: Bench, shape: str) -> None:
    """Trailing slashes, dots and symbolic links lead to the same root."""
    folder = bench.disk("xfs", ROOMY).folder
    (bench.base / "link").symlink_to(folder)
    written = shape.format(folder, name=folder.name) if "{" in shape else f"{bench.base}/{shape}"
    assert adopting(written).exit_code == 0
    assert guard.identify(folder)
    assert guard.identify(bench.base / "link")


def test_a_folder_of_the_system_disk_needs_the_flag(bench: Bench) -> None:
    """Refused without a trace, with the command that accepts it; that one records the risk."""
    folder = bench.base / "with space"
    folder.mkdir()
    before = everything(folder)
    refused = adopting(folder)
    assert (refused.exit_code, everything(folder)) == (UnsuitableVolume.exit_code, before)
    assert f"zagent volume adopt '{folder}' --system-disk" in refused.stderr
    accepted = adopting(folder, "--system-disk")
    assert (accepted.exit_code, "only a backup elsewhere" in accepted.stderr) == (0, True)
    assert guard.identify(folder).kind == "system-disk"


def test_a_bind_mount_of_the_system_disk_does_not_pass_for_a_disk(bench: Bench) -> None:
    """It is a mount point, but a reset takes it all the same."""
    source = bench.base / "source"
    source.mkdir()
    done = adopting(bench.bind(source))
    assert (done.exit_code, "system disk's own filesystem" in done.stderr) == (UnsuitableVolume.exit_code, True)
    assert list(source.iterdir()) == []


def test_a_bind_mount_of_a_data_disk_is_adopted_with_a_note(bench: Bench) -> None:
    """As in a container; the note says that `volume mount` can't find a folder within a disk."""
    source = bench.disk("xfs", ROOMY).folder / "tenant"
    source.mkdir()
    done = adopting(bench.bind(source))
    assert (done.exit_code, "the folder /tenant of its disk" in done.stderr) == (0, True)
    assert guard.identify(source)


def test_a_folder_within_a_disk_leads_to_its_mount_point(bench: Bench) -> None:
    """The folder could be made anew on the system disk when the mount is missing; the remedy names the mount."""
    volume = bench.disk("xfs", ROOMY)
    (volume.folder / "sub").mkdir()
    done = adopting(volume.folder / "sub", "--system-disk")
    assert done.exit_code == UnsuitableVolume.exit_code
    assert f"try:   zagent volume adopt {volume.folder}\n" in done.stderr


def test_a_small_disk_is_refused_with_both_figures(bench: Bench) -> None:
    """Forty gigabytes hold the weights and a reserve."""
    done = adopting(bench.disk("xfs").folder)
    assert (done.exit_code, "at least 40.00 GB are needed" in done.stderr) == (UnsuitableVolume.exit_code, True)


def test_memory_must_be_asked_for(bench: Bench) -> None:
    """A tmpfs is refused also with --system-disk; --any-filesystem takes it and records what it is."""
    folder = bench.memory("50G")
    for more in ([], ["--system-disk"]):
        done = adopting(folder, *more)
        assert (done.exit_code, "--any-filesystem" in done.stderr) == (UnsuitableVolume.exit_code, True)
    assert list(folder.iterdir()) == []
    assert adopting(folder, "--any-filesystem").exit_code == 0
    assert guard.identify(folder).kind == "other"


def test_another_project_is_refused_and_the_remedy_works(bench: Bench) -> None:
    """Both directions; the command in the remedy is the one that adopts."""
    folder = bench.disk("xfs", ROOMY).folder
    assert adopting(folder, "--project", "a b", "--stack", "dev").exit_code == 0
    before = everything(folder)
    for more in ([], ["--project", "other"], ["--project", "a b", "--stack", "prod"]):
        done = adopting(folder, *more)
        assert done.exit_code == ForeignVolume.exit_code
        assert f"zagent volume adopt {folder} --project 'a b' --stack dev\n" in done.stderr
    assert adopting(folder, "--project", "a b", "--stack", "dev").exit_code == 0
    assert everything(folder) == before


def test_a_read_only_disk_is_not_adopted(bench: Bench) -> None:
    """Proved by writing, before the marker."""
    volume = bench.disk("xfs", ROOMY)
    volume.umount()
    volume.mount("ro")
    assert adopting(volume.folder).exit_code == ReadOnlyVolume.exit_code


def test_a_full_disk_is_not_adopted_and_gets_no_folder(bench: Bench) -> None:
    """The probe comes before `.zagent` is made, which may still fit where the marker does not."""
    folder = bench.disk("ext4").folder
    fill(folder)
    before = everything(folder)
    with pytest.raises(VolumeFull):
        adopt.adopt(folder, Ask(minimum_free=0))
    assert everything(folder) == before


def test_a_disk_that_the_user_may_not_write_is_not_adopted(bench: Bench) -> None:
    """Root's disk is not nobody's to adopt; their own is."""
    folder = bench.disk("xfs", ROOMY).folder
    with another_user():
        assert adopting(folder).exit_code == NotWritable.exit_code
    os.chown(folder, 65534, 65534)
    with another_user():
        assert adopting(folder).exit_code == 0
        assert guard.guard(folder, folder)


def test_a_clone_on_a_new_disk_gets_that_disk_into_its_lineage(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The data id stays; the serial number is appended once; the next time nothing changes."""
    folder = bench.disk("xfs", ROOMY).folder
    _serial(monkeypatch, "vol0aaa")
    first = adopt.adopt(folder, Ask()).marker
    _serial(monkeypatch, "vol0bbb")
    moved = adopting(folder)
    assert "already; it now lives on vol0bbb" in moved.stdout
    assert guard.identify(folder) == replace(first, lineage=("vol0aaa", "vol0bbb"))
    before = everything(folder)
    assert "nothing was changed" in adopting(folder).stdout
    assert everything(folder) == before


def _serial(monkeypatch: pytest.MonkeyPatch, serial: str) -> None:
    """Let every disk carry a serial number, which loop devices have none of."""
    real = adopt.look

    def look(path: Path) -> Facts:
        facts = real(path)
        return replace(facts, disks=tuple(replace(one, serial=serial) for one in facts.disks))

    monkeypatch.setattr(adopt, "look", look)


@pytest.mark.parametrize("point", ["durable:temp-written", "durable:renamed"])
def test_a_crash_while_adopting_is_no_obstacle(bench: Bench, point: str) -> None:
    """Killed at either point there is no half marker; adopting again ends well; an hour on, doctor --fix sweeps."""
    folder = bench.disk("xfs", ROOMY).folder
    if (child := os.fork()) == 0:
        points.reached = lambda name: os.kill(os.getpid(), signal.SIGKILL) if name == point else None
        adopt.adopt(folder, Ask())
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert (marker.read(Layout(folder)) is None) == (point == "durable:temp-written")
    assert adopting(folder).exit_code == 0
    for path in folder.rglob("*"):
        os.utime(path, (0, 0))
    CliRunner().invoke(app, ["--data-root", str(folder), "doctor", "--fix"])
    assert not [path for path in folder.rglob("*") if durable.is_leftover(path)]
    assert guard.identify(folder)


def test_show_names_everything_for_people_and_programs(bench: Bench) -> None:
    """Device, filesystem, uuid, size, free, marker, and who uses what, biggest first."""
    volume = bench.disk("xfs", ROOMY)
    adopting(volume.folder)
    theirs = volume.folder / "users" / "ann" / "outputs"
    theirs.mkdir(parents=True)
    (theirs / "fox.png").write_bytes(bytes(5_000_000))
    command = ["--data-root", str(volume.folder), "volume", "show"]
    said = CliRunner().invoke(app, command).stdout
    found = json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout)
    assert found["device"] == volume.device
    assert found["fs_uuid"] == found["marker"]["fs_uuid"]
    assert 0 < found["free"] <= found["size"]
    assert list(found["used"]) == ["users/ann", ".zagent"]
    for word in (volume.device, found["marker"]["data_id"], "users/ann", "5.0"):
        assert word in said


def test_the_topmost_of_two_mounts_is_the_one(bench: Bench) -> None:
    """A later mount over the same folder hides the first, and a mount over a parent hides both."""
    folder = bench.disk("xfs").folder
    run("mount", "-t", "tmpfs", "-o", "size=1M", "tmpfs", folder)
    over = mounts.of(folder)
    assert (over and over.fs_type) == "tmpfs"
    run("mount", "-t", "ramfs", "ramfs", bench.base)
    folder.mkdir()
    over = mounts.of(folder)
    run("umount", bench.base)
    assert (over and over.fs_type, over and over.path) == ("ramfs", bench.base)


@pytest.mark.parametrize("kind", ["xfs", "ext4"])
@pytest.mark.parametrize("call", range(3), ids=["any filesystem", "xfs", "ext4"])
def test_each_way_to_read_a_uuid_agrees_with_blkid(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, kind: str, call: int
) -> None:
    """Older kernels have only the filesystem's own call; one that is not there gives None, never a wrong uuid."""
    volume = bench.disk(kind)
    wanted = run("blkid", "-p", "-s", "UUID", "-o", "value", volume.device)
    monkeypatch.setattr(disk, "_UUID_CALLS", (disk._UUID_CALLS[call],))
    with another_user():
        found = disk.filesystem_uuid(volume.folder)
    fits = call == 0 or kind == ("xfs", "ext4")[call - 1]
    assert found == wanted if fits else found in (None, wanted)
