"""What happens to a repository: cut off, locked, damaged, full, read-only."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from zagent.errors import SourceUnreadable
from zagent.protect.engine import PARTS
from zagent.protect.restic import binary, repository
from zagent.protect.restic.run import Restic

from tests.filesystems.conftest import bench
from tests.filesystems.disks import Bench, fill, run
from tests.protect.place import Place
from tests.protect.restic import versions
from tests.protect.restic.conftest import Archived, begun, each_version
from tests.weights import child, files

__all__ = ["bench"]

POINTS = ("restic:stored", "restic:proved", "restic:tagged")


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_backup_is_finished_by_the_next(archived: Archived, point: str) -> None:
    """What it left unproved is never restored, and goes once a proved one is newer."""
    archived.fill(files.needed(seed=5))
    done = child.run("--data-root", str(archived.root), "backup", point=point)
    assert done.returncode == -signal.SIGKILL, done.stderr
    archived.said("backup")
    assert repository.snapshots(archived.restic)[-1].proved
    archived.said("backup", "check")
    assert all(one.proved for one in repository.snapshots(archived.restic))
    shutil.rmtree(archived.snapshot)
    archived.said("restore")
    assert files.below(archived.snapshot) == files.needed(seed=5)


def test_damage_in_what_a_killed_backup_left_is_vouched_for_by_nobody(archived: Archived) -> None:
    """Restic would take the file for unchanged since then, and not read it."""
    files.flip(archived.snapshot / files.SHARD)
    child.run("--data-root", str(archived.root), "backup", point="restic:stored")
    assert [one.proved for one in repository.snapshots(archived.restic)] == [True, False]
    assert files.SHARD in archived.said("backup", code=43)
    assert [one.proved for one in repository.snapshots(archived.restic)] == [True, False, False]


@pytest.mark.root
def test_a_file_that_nobody_can_read_costs_no_other_its_copy(archived: Archived) -> None:
    """All others are in a snapshot that counts for none: whole ones stay, are restored, and take its place."""
    home = archived.store.settings.layout.home("ann")
    files.written(home, {"fox.png": b"a fox", "mount": b""})
    run("mount", "--bind", f"/proc/{os.getpid()}/mem", home / "mount")  # its first byte is an I/O error
    try:
        said = archived.said("backup", code=SourceUnreadable.exit_code)
        archived.said("backup", code=SourceUnreadable.exit_code)
    finally:
        run("umount", home / "mount")
    whole, *others = repository.snapshots(archived.restic)
    assert [whole.proved, *(one.proved for one in others)] == [True, False, False]
    assert f"the snapshot {others[0].id[:8]} is kept, but not taken for a whole backup: {home / 'mount'}\n" in said
    assert archived.record.run
    assert (archived.record.run.exit_code, archived.record.success is None) == (SourceUnreadable.exit_code, False)
    archived.said("backup", "check")
    assert repository.snapshots(archived.restic) == [whole, others[1]], "of those of one day the newest"
    assert archived.engine.snapshot_id == whole.id
    shutil.rmtree(home)
    archived.said("restore", "--users", "ann", "--snapshot", others[1].id[:8])
    assert files.below(home) == {"fox.png": b"a fox"}
    archived.said("backup")
    archived.said("backup", "check")
    assert [one.proved for one in repository.snapshots(archived.restic)] == [True]


@pytest.mark.parametrize("point", ["restore:planned", "restore:staged", "restore:fetched", "restore:manifest-written"])
def test_a_killed_restore_goes_on(archived: Archived, point: str) -> None:
    """What waited for its proof is not fetched again; in the end nothing waits."""
    shutil.rmtree(archived.snapshot)
    done = child.run("--data-root", str(archived.root), "restore", point=point)
    assert done.returncode == -signal.SIGKILL, done.stderr
    archived.said("restore")
    assert files.below(archived.snapshot) == files.needed()


@each_version
def test_a_dead_ones_lock_is_taken_away_and_a_living_ones_is_not(archived: Archived) -> None:
    """Check and prune would stop at the first; the second is somebody at work."""
    environment, locks = {**os.environ, **archived.restic._environment()}, archived.copy / "locks"
    command = [str(archived.program), "backup", "--stdin"]
    living = subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while not any(len(one.name) == 64 for one in locks.iterdir()):
            assert living.poll() is None, "while it writes its lock that has another name"
        living.send_signal(signal.SIGSTOP)
        assert "in use by another restic" in archived.said("backup", "check", code=111)
        assert list(locks.iterdir())
    finally:
        living.kill()
        living.wait()
    assert list(locks.iterdir()), "it left its lock"
    archived.said("backup", "check")
    assert list(locks.iterdir()) == []


@each_version
def test_a_flipped_bit_is_found_by_reading_and_mended_by_the_next_backup(
    archived: Archived, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Restic's own check of the structure passes over it: that is why a seventh is read each day."""
    if pinned := versions.current():  # for where the other is too old to mend it
        monkeypatch.setattr(binary, "place", lambda: pinned)
    pack = archived.packs[0]
    pack.chmod(0o600)
    files.flip(pack)
    archived.restic.run("check")
    codes = [archived.zagent("backup", "check").exit_code for _ in range(PARTS)]
    assert codes[-1] == 44
    assert codes == sorted(codes), "it is told from the day on which its part was read"
    said = archived.said("restore", "--to", str(archived.root.parent / "elsewhere"), code=48)
    assert "is not whole yet" in said
    archived.said("backup")
    assert "0 bad files" in archived.said("backup", "check", "--full")
    shutil.rmtree(archived.snapshot)
    archived.said("restore")
    assert files.below(archived.snapshot) == files.needed()


@pytest.mark.root
@each_version
def test_a_full_repository(bench: Bench, place: Place, program: Path, empty: Restic) -> None:
    """Told; what it held comes back, and once there is room it goes on."""
    made = begun(place, program, empty, bench.memory("60m") / "repo")
    ballast = made.copy.parent / "filler"
    fill(made.copy.parent)
    made.fill(files.needed(seed=5))
    assert "space" in made.said("backup", code=114)
    made.fill(files.needed())
    shutil.rmtree(made.snapshot)
    ballast.unlink()
    made.said("restore")
    assert files.below(made.snapshot) == files.needed()
    made.said("backup")
    made.said("backup", "check", "--full")


@pytest.mark.root
@each_version
def test_a_repository_that_takes_no_writes(bench: Bench, place: Place, program: Path, empty: Restic) -> None:
    """A backup is refused; reading it and restoring from it need no lock."""
    made = begun(place, program, empty, bench.memory("60m") / "repo")
    run("mount", "-o", "remount,ro", made.copy.parent)
    shutil.rmtree(made.snapshot)
    made.said("backup", "check", "--full")
    made.said("restore")
    assert files.below(made.snapshot) == files.needed()
    assert "takes no writes" in made.said("backup", code=49)


def test_weights_that_can_not_be_read_whole_are_no_backup(archived: Archived) -> None:
    """A file that is gone: the snapshot without it counts for none, and the file is named."""
    (whole,) = repository.snapshots(archived.restic)
    (archived.snapshot / files.VAE).unlink()
    assert files.VAE in archived.said("backup", code=43)
    assert [one.proved for one in repository.snapshots(archived.restic)] == [True, False]
    assert archived.engine.snapshot_id == whole.id


def test_ctrl_c_ends_restic_too(archived: Archived) -> None:
    """Nothing runs on, and the next backup is as ever."""
    archived.fill(files.needed(seed=5))
    done = child.run("--data-root", str(archived.root), "backup", point="restic:stored", sends=signal.SIGINT)
    assert done.returncode == 130, done.stderr
    archived.said("backup")
