"""What happens to a repository: cut off, locked, damaged, full, read-only; with an old restic and a current one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from zagent.protect.engine import PARTS
from zagent.protect.restic import repository

from tests.filesystems.conftest import bench
from tests.filesystems.disks import Bench, fill, run
from tests.protect.place import NAME, Place
from tests.protect.restic.conftest import Archived
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


@pytest.mark.parametrize("point", ["restore:planned", "restore:staged", "restore:fetched", "restore:manifest-written"])
def test_a_killed_restore_goes_on(archived: Archived, point: str) -> None:
    """What waited for its proof is not fetched again; in the end nothing waits."""
    shutil.rmtree(archived.snapshot)
    done = child.run("--data-root", str(archived.root), "restore", point=point)
    assert done.returncode == -signal.SIGKILL, done.stderr
    archived.said("restore")
    assert files.below(archived.snapshot) == files.needed()


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


def test_a_flipped_bit_is_found_by_reading_and_mended_by_the_next_backup(archived: Archived) -> None:
    """Restic's own check of the structure passes over it: that is why a seventh is read each day."""
    pack = archived.packs[0]
    pack.chmod(0o600)
    files.flip(pack)
    archived.restic.run("check")
    codes = [archived.zagent("backup", "check").exit_code for _ in range(PARTS)]
    assert codes[-1] == 44
    assert codes == sorted(codes), "it is told from the day on which its part was read"
    said = archived.said("restore", "--to", str(archived.root.parent / "elsewhere"), code=48)
    assert "is not whole yet" in said
    if "0.14" in subprocess.run([archived.program, "version"], capture_output=True, text=True, check=True).stdout:
        assert "0.16" in archived.said("backup", code=114)
        return
    archived.said("backup")
    assert "0 bad files" in archived.said("backup", "check", "--full")
    shutil.rmtree(archived.snapshot)
    archived.said("restore")
    assert files.below(archived.snapshot) == files.needed()


@pytest.mark.root
def test_a_full_repository(bench: Bench, place: Place, program: Path) -> None:
    """Told; what it held comes back, and once there is room it goes on."""
    made = Archived(place.root, bench.memory("60m") / "repo", program=program)
    made.said("backup", "add", NAME, made.target)
    made.said("backup")
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
def test_a_repository_that_takes_no_writes(bench: Bench, place: Place, program: Path) -> None:
    """A backup is refused; reading it and restoring from it need no lock."""
    made = Archived(place.root, bench.memory("60m") / "repo", program=program)
    made.said("backup", "add", NAME, made.target)
    made.said("backup")
    run("mount", "-o", "remount,ro", made.copy.parent)
    shutil.rmtree(made.snapshot)
    made.said("backup", "check", "--full")
    made.said("restore")
    assert files.below(made.snapshot) == files.needed()
    assert "takes no writes" in made.said("backup", code=49)


def test_weights_that_can_not_be_read_whole_are_no_backup(archived: Archived) -> None:
    """A file that is gone: the snapshot without it is given up, and the file is named."""
    before = repository.snapshots(archived.restic)
    (archived.snapshot / files.VAE).unlink()
    assert files.VAE in archived.said("backup", code=43)
    assert repository.snapshots(archived.restic) == before


def test_ctrl_c_ends_restic_too(archived: Archived) -> None:
    """Nothing runs on, and the next backup is as ever."""
    archived.fill(files.needed(seed=5))
    done = child.run("--data-root", str(archived.root), "backup", point="restic:stored", sends=signal.SIGINT)
    assert done.returncode == 130, done.stderr
    archived.said("backup")
