"""Every bad data root, every command that writes: refused with its own exit code, and not one byte written."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result
from zagent.cli.commands import app
from zagent.errors import NotWritable, ReadOnlyVolume, VolumeFull, WrongVolume
from zagent.volume import guard
from zagent.volume.layout import Layout

from tests.filesystems.disks import Bench, adopted, another_user, everything, fill, free, outputs, run

pytestmark = pytest.mark.root

for module in ("cli.generate_report", "cli.machine_report", "cli.weights_report", "weights.adopt"):
    importlib.import_module(f"zagent.{module}")  # nobody may not import them later where root's home holds the code

WRITERS = {
    "pull": ["pull"],
    "weights adopt": ["weights", "adopt", "/nowhere"],
    "generate": ["generate", "a fox"],
    "doctor --fix": ["doctor", "--fix"],
}


def missing(bench: Bench) -> Path:
    """The path does not exist."""
    return bench.base / "nothing"


def empty(bench: Bench) -> Path:
    """The disk is not mounted: an empty folder of the system disk is left."""
    volume = bench.disk("xfs")
    adopted(volume.folder)
    volume.umount()
    return volume.folder


def someone_elses(bench: Bench) -> Path:
    """Another disk is mounted there, with files of its own."""
    folder = bench.disk("ext4").folder
    (folder / "photo.png").write_bytes(b"mine")
    return folder


def copied_marker(bench: Bench) -> Path:
    """The marker was copied from another disk, as by `cp -a`."""
    source, target = adopted(bench.disk("xfs").folder), bench.disk("xfs").folder
    run("cp", "-a", source / ".zagent", target)
    return target


def damaged(bench: Bench) -> Path:
    """The marker was cut short."""
    root = adopted(bench.disk("ext4").folder)
    content = Layout(root).marker.read_bytes()
    Layout(root).marker.write_bytes(content[: len(content) // 2])
    return root


def newer(bench: Bench) -> Path:
    """The marker is of a schema to come."""
    root = adopted(bench.disk("ext4").folder)
    content = json.loads(Layout(root).marker.read_text())
    Layout(root).marker.write_text(json.dumps({**content, "schema": 2, "colour": "blue"}))
    return root


def read_only(bench: Bench) -> Path:
    """The filesystem is mounted read-only."""
    volume = bench.disk("xfs")
    adopted(volume.folder)
    volume.umount()
    volume.mount("ro")
    return volume.folder


def emergency(bench: Bench) -> Path:
    """An ext4 error made the kernel refuse writes, though mount options and statvfs still say rw."""
    volume = bench.disk("ext4", options="errors=remount-ro")
    adopted(volume.folder)
    trigger = Path(f"/sys/fs/ext4/{Path(volume.device).name}/trigger_fs_error")
    if not trigger.exists():
        pytest.skip("this kernel can't trigger an ext4 error")
    trigger.write_text("1")
    return volume.folder


def full(bench: Bench) -> Path:
    """No block is free on ext4."""
    root = adopted(bench.disk("ext4").folder)
    fill(root)
    return root


def full_xfs(bench: Bench) -> Path:
    """No block is free on XFS."""
    root = adopted(bench.disk("xfs").folder)
    fill(root)
    return root


def full_memory(bench: Bench) -> Path:
    """No page is free in a tmpfs."""
    root = adopted(bench.memory("1M"))
    fill(root)
    return root


BAD = {
    missing: 10,
    empty: 11,
    someone_elses: 11,
    damaged: 12,
    newer: 12,
    copied_marker: 13,
    read_only: 14,
    emergency: 14,
    full: 15,
    full_xfs: 15,
    full_memory: 15,
}


def zagent_at(root: Path, *words: str) -> Result:
    """The command as a person would type it."""
    return CliRunner().invoke(app, ["--data-root", str(root), *words])


@pytest.mark.parametrize(("make", "code"), BAD.items(), ids=[make.__name__ for make in BAD])
def test_every_writer_refuses_a_bad_root_and_leaves_no_trace(
    bench: Bench, make: Callable[[Bench], Path], code: int
) -> None:
    """One error with its own code and a remedy; no folder, no byte, no changed time below or beside the root."""
    root = make(bench)
    before = everything(bench.base)
    for name, words in WRITERS.items():
        done = zagent_at(root, *words)
        assert done.exit_code == code, f"{name}: {done.stderr}"
        assert done.stderr.count("error: ") == done.stderr.count("try: ") == 1
        assert "Traceback" not in done.stderr
        assert everything(bench.base) == before, name


@pytest.mark.parametrize("make", [full, full_xfs], ids=["ext4", "xfs"])
def test_a_probe_of_a_full_disk_gives_every_block_back(bench: Bench, make: Callable[[Bench], Path]) -> None:
    """After a new mount, which ends all background work, the same blocks and inodes are free."""
    root, volume = make(bench), bench.volumes[0]
    volume.umount()
    volume.mount()
    before = free(root)
    with pytest.raises(VolumeFull):
        guard.guard(root, root)
    volume.umount()
    volume.mount()
    assert free(root) == before


@pytest.mark.parametrize("kind", ["xfs", "ext4"])
def test_a_good_root_passes_and_its_probe_gives_every_block_back(bench: Bench, kind: str) -> None:
    """The guard can say yes, and that leaves as little behind as a no."""
    volume = bench.disk(kind)
    root = adopted(volume.folder)
    volume.umount()
    volume.mount()
    before = everything(root), free(root)
    guard.guard(root, root / "some" / "new" / "folder")
    volume.umount()
    volume.mount()
    assert (everything(root), free(root)) == before


def test_only_a_write_tells_of_an_emergency(bench: Bench) -> None:
    """The blind spot of looking: after the ext4 error statvfs says writable, and only the guard's write does not."""
    root = emergency(bench)
    assert not os.statvfs(root).f_flag & os.ST_RDONLY
    assert guard.identify(root)
    with pytest.raises(ReadOnlyVolume):
        guard.guard(root, root)


def test_the_remedy_of_an_emergency_works(bench: Bench) -> None:
    """What the error says brings the disk back: unmount, repair, mount."""
    root, volume = emergency(bench), bench.volumes[0]
    volume.umount()
    repaired = subprocess.run(["fsck.ext4", "-p", volume.device], capture_output=True, check=False).returncode
    assert repaired in (0, 1)  # clean, or errors that were put right
    volume.mount()
    assert guard.guard(root, root)


@pytest.mark.parametrize("words", WRITERS.values(), ids=WRITERS)
def test_every_writer_refuses_a_folder_of_another_user(bench: Bench, words: list[str]) -> None:
    """Root owns the volume, nobody runs the command: refused as that user, though root could write."""
    root = adopted(bench.disk("ext4").folder)
    before = everything(root)
    with another_user():
        done = zagent_at(root, *words)
    assert (done.exit_code, "as user nobody" in done.stderr) == (NotWritable.exit_code, True), done.stderr
    assert everything(root) == before


def test_the_folder_that_will_be_written_is_the_one_that_is_asked(bench: Bench) -> None:
    """A user with a folder of their own may write there, though not in the root of the volume."""
    root = adopted(bench.disk("ext4").folder)
    with another_user():
        wanted = outputs(root)
    wanted.parent.mkdir(parents=True)
    os.chown(wanted.parent, 65534, 65534)
    with another_user():
        guard.guard(root, wanted)
        with pytest.raises(NotWritable):
            guard.guard(root, wanted, root / "users")


def test_a_marker_written_under_a_narrow_umask_is_everyones_to_read(bench: Bench) -> None:
    """Root's umask 077 must not hide the data root from the people who use it."""
    root = bench.disk("ext4").folder
    old = os.umask(0o077)
    try:
        adopted(root)
    finally:
        os.umask(old)
    with another_user():
        assert guard.identify(root)


def test_commands_that_only_read_accept_a_read_only_root(bench: Bench) -> None:
    """A disk in trouble can still be verified, shown and copied from."""
    root = read_only(bench)
    assert zagent_at(root, "volume", "show").exit_code == 0
    assert zagent_at(root, "verify", "--quick").exit_code == 20  # no weights, but no complaint of the disk


def test_a_copy_within_one_filesystem_passes(bench: Bench) -> None:
    """A blind spot, known: the uuid tells filesystems apart, not two folders of one."""
    root = adopted(bench.disk("ext4").folder)
    shutil.copytree(root / ".zagent", root / "copy" / ".zagent")
    assert guard.identify(root / "copy")


def test_a_clone_of_the_whole_disk_passes(bench: Bench) -> None:
    """A blind spot, wanted: a restored snapshot has the same uuid and is the same data."""
    volume, target = bench.disk("ext4"), bench.disk("ext4")
    original = guard.identify(adopted(volume.folder))
    volume.umount()
    target.umount()
    run("dd", f"if={volume.device}", f"of={target.device}", "bs=1M", "status=none", "conv=fsync")
    target.mount()
    assert guard.identify(target.folder).data_id == original.data_id


def test_show_tells_what_is_there_instead(bench: Bench) -> None:
    """On a wrong disk `volume show` names the disk that is mounted before it fails."""
    root = copied_marker(bench)
    done = zagent_at(root, "volume", "show")
    assert done.exit_code == WrongVolume.exit_code
    assert bench.volumes[1].device in done.stderr
