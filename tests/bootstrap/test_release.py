"""The data volume is let go: with real processes that hold it, in namespaces of their own, on a real disk."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.bootstrap.gather import on_host
from tests.bootstrap.disk import Disk, run
from tests.bootstrap.room import Room, room

pytestmark = pytest.mark.root

IGNORE = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
MAP = "import ctypes; libc = ctypes.CDLL(None)"
USERS = {
    "a folder": "os.chdir(folder)",
    "a file": "kept = open(folder + '/file')",
    "a file that is deleted": "kept = open(folder + '/other', 'w'); os.unlink(folder + '/other')",
    "a mapped file": f"{MAP}; kept = os.open(folder + '/file', 0); libc.mmap(None, 4, 1, 2, kept, 0); os.close(kept)",
    "a root of its own": "os.makedirs(folder + '/jail', exist_ok=True); os.chroot(folder + '/jail')",
    "a file, and ignores SIGTERM": f"{IGNORE}; kept = open(folder + '/file')",
}
HOLD = "import os, sys, time; folder = sys.argv[1]; {what}; print('ready', flush=True); time.sleep(600)"

SLAVE, PRIVATE = (["unshare", "--mount", "--propagation", how] for how in ("slave", "private"))
"""How systemd's services see an unmount, and how containers do not."""

WAIT = ["sh", "-c", "echo ready; exec cat"]


@pytest.fixture
def held(disk: Disk, tmp_path: Path) -> Iterator[Room]:
    """A mounted volume with a file on it."""
    disk.format()
    folder = tmp_path / "data"
    folder.mkdir()
    with room(disk.device, folder) as made:
        made.run("sh", "-c", 'echo kept > "$0"/file', folder)
        yield made


def release(held: Room, seconds: float = 60) -> subprocess.CompletedProcess[str]:
    """What became of it."""
    return held.run(*on_host("release", str(held.mounted), str(seconds), python=sys.executable))


def ended(process: subprocess.Popen[str]) -> bool:
    """Whether it was, by now or a little later."""
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        return False
    return True


@pytest.mark.parametrize("holds", USERS)
def test_whoever_uses_it_is_ended(held: Room, disk: Disk, holds: str) -> None:
    """Everyone else lives; what was written is on the disk."""
    user = [sys.executable, "-c", HOLD.format(what=USERS[holds]), str(held.mounted)]
    with held.settled(user) as using, held.settled(WAIT) as bystander:
        done = release(held)
        assert (done.returncode, done.stderr) == (0, "")
        assert ended(using)
        assert bystander.poll() is None
    assert not held.is_mounted
    run("mount", "-o", "ro", disk.device, held.mounted)
    try:
        assert (held.mounted / "file").read_text() == "kept\n"
    finally:
        run("umount", held.mounted)


def test_whoever_has_it_mounted_where_nobody_else_sees_it_is_ended(held: Room) -> None:
    """A container that has no file of it open at this moment."""
    with held.settled([*PRIVATE, *WAIT]) as container:
        done = release(held)
        assert (done.returncode, done.stderr) == (0, "")
        assert ended(container)


def test_a_container_is_ended_under_whatever_path_it_has_it(held: Room) -> None:
    """It has the volume at another place, and a file of it open there."""
    script = 'mkdir -p "$1/sub" && mount --bind "$1/sub" /mnt && umount "$1" && exec 3> /mnt/file && echo ready && cat'
    with held.settled([*PRIVATE, "sh", "-c", script, "container", str(held.mounted)]) as container:
        assert release(held).returncode == 0
        assert ended(container)


def test_a_service_that_sees_the_unmount_lives(held: Room) -> None:
    """Half of a host's own services have a mount namespace, and every mount of the host in it."""
    with held.settled([*SLAVE, *WAIT]) as service:
        assert release(held).returncode == 0
        assert service.poll() is None


def test_it_is_unmounted_wherever_it_is_mounted(held: Room, tmp_path: Path) -> None:
    """What people have bound elsewhere, and what is mounted in it."""
    other = tmp_path / "other"
    other.mkdir()
    assert held.run("mount", "--bind", held.mounted, other).returncode == 0
    assert held.run("sh", "-c", 'mkdir "$0"/in && mount -t tmpfs none "$0"/in', held.mounted).returncode == 0
    done = release(held)
    assert (done.returncode, done.stderr) == (0, "")
    assert held.run("mountpoint", "-q", other).returncode != 0


def test_what_the_kernel_itself_uses_is_told(held: Room) -> None:
    """A disk image on the volume, as a loop device: nobody can be ended for it."""
    assert held.run("truncate", "-s", "1M", held.mounted / "image").returncode == 0
    device = held.run("losetup", "--find", "--show", held.mounted / "image").stdout.strip()
    try:
        done = release(held, 2)
        assert done.returncode == 1
        assert f"{held.mounted} is still in use: " in done.stderr
        assert "busy" in done.stderr
    finally:
        run("losetup", "--detach", device)
    assert release(held).returncode == 0


def test_whoever_comes_back_at_once_is_named(held: Room) -> None:
    """Such as a container that is always started again: it must be stopped by whoever runs it."""
    again = 'echo ready; while :; do (exec 3< "$0/file" > /dev/null; exec sleep 600); done'
    with held.settled(["sh", "-c", again, str(held.mounted)]):
        done = release(held, 2)
        assert done.returncode == 1
        assert re.search(rf"{held.mounted} is still in use: .*busy.* sleep \(\d+\)", done.stderr)
    assert release(held).returncode == 0


def test_a_volume_that_is_not_mounted_is_released_already(held: Room, tmp_path: Path) -> None:
    """Nobody is ended for it."""
    with held.settled(WAIT) as bystander:
        assert held.run(*on_host("release", str(tmp_path), python=sys.executable)).returncode == 0
        assert bystander.poll() is None
    assert held.is_mounted
