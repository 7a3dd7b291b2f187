"""One way to a final name: whole or not at all, also when killed, refused, or out of space."""

from __future__ import annotations

import errno
import os
import signal
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from zagent import durable, points

POINTS = ["durable:temp-written", "durable:renamed"]


def killed_at(point: str, work: Callable[[], None]) -> None:
    """Do ``work`` in a child that is killed at ``point``."""
    if (child := os.fork()) == 0:
        points.reached = lambda name: os.kill(os.getpid(), signal.SIGKILL) if name == point else None
        work()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("before", [None, b"old"], ids=["new file", "old file"])
def test_a_kill_leaves_the_old_content_or_the_new(tmp_path: Path, point: str, before: bytes | None) -> None:
    """Nothing in between; what else is left is known as a leftover; the next write succeeds."""
    path = tmp_path / "file"
    if before:
        path.write_bytes(before)
    killed_at(point, lambda: durable.write(path, b"new"))
    found = path.read_bytes() if path.exists() else None
    assert found == (before if point == "durable:temp-written" else b"new")
    assert all(durable.is_leftover(one) for one in tmp_path.iterdir() if one not in (path, tmp_path / "home"))
    durable.write(path, b"newer")
    assert path.read_bytes() == b"newer"


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_without_replacing_leaves_nothing_or_all(tmp_path: Path, point: str) -> None:
    """The same where a taken name is refused."""
    path = tmp_path / "file"
    killed_at(point, lambda: durable.write(path, b"new", replace=False))
    assert path.exists() == (point == "durable:renamed")
    assert all(durable.is_leftover(one) for one in tmp_path.iterdir() if one not in (path, tmp_path / "home"))


def test_every_step_is_made_durable_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The content before the name, the folder after it."""
    steps: list[str] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "content")
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(points, "reached", steps.append)
    durable.write(tmp_path / "file", b"x")
    assert steps == ["content", "durable:temp-written", "durable:renamed", "folder"]


def test_a_failed_block_leaves_nothing(tmp_path: Path) -> None:
    """An error while writing takes the temp file away and keeps the old content."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    before = sorted(tmp_path.iterdir())

    def fail() -> None:
        with durable.writing(path) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert (path.read_bytes(), sorted(tmp_path.iterdir())) == (b"old", before)


def test_a_taken_name_is_refused(tmp_path: Path) -> None:
    """Without replacing the old content stays and no temp file is left."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(FileExistsError):
        durable.write(path, b"new", replace=False)
    assert (path.read_bytes(), sorted(tmp_path.iterdir())) == (b"old", before)


def test_of_two_writers_the_first_to_the_name_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is taken after this writer has looked and written, and still is not overwritten."""
    path = tmp_path / "file"
    monkeypatch.setattr(points, "reached", lambda name: path.write_bytes(b"theirs"))
    with pytest.raises(FileExistsError):
        durable.write(path, b"ours", replace=False)
    assert path.read_bytes() == b"theirs"


def test_without_hard_links_a_taken_name_is_still_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FAT and some network mounts have none; there a free name is taken, a taken one refused."""

    def link(source: Path, target: Path) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    path = tmp_path / "file"
    durable.write(path, b"new", replace=False)
    with pytest.raises(FileExistsError):
        durable.write(path, b"newer", replace=False)
    assert path.read_bytes() == b"new"
    assert [one.name for one in tmp_path.iterdir() if durable.is_leftover(one)] == []


def test_other_failures_of_the_link_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is no reason to go another way."""

    def link(source: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "link", link)
    with pytest.raises(OSError, match="No space"):
        durable.write(tmp_path / "file", b"new", replace=False)


@pytest.mark.parametrize("code", [errno.EINVAL, errno.EOPNOTSUPP, errno.EIO])
def test_a_folder_that_cannot_be_synced_is_no_error_but_a_broken_disk_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """Some network mounts know no such thing; an I/O error is never swallowed."""

    def fsync(handle: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fsync)
    if code == errno.EIO:
        with pytest.raises(OSError, match="Input/output"):
            durable.sync_folder(tmp_path)
    else:
        durable.sync_folder(tmp_path)


def test_a_file_that_cannot_be_synced_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its content would not be proved; the old one stays."""
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fsync(handle: int) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="Invalid"):
        durable.write(path, b"new")
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_modes_are_exact_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    """Root's umask must not hide the weights, nor a loose one open a person's folder; parents are for all."""
    old = os.umask(umask)
    try:
        durable.make_folder(tmp_path / "users" / "ann", mode=0o700)
        durable.write(tmp_path / "file", b"x")
    finally:
        os.umask(old)
    modes = {path: stat.S_IMODE((tmp_path / path).stat().st_mode) for path in ("users", "users/ann", "file")}
    assert modes == {"users": 0o755, "users/ann": 0o700, "file": 0o644}


def test_every_new_folder_is_made_durable_in_its_parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the top: a synced folder whose parent was lost in a power cut is lost with it."""
    synced: list[Path] = []
    monkeypatch.setattr(durable, "sync_folder", synced.append)
    durable.make_folder(tmp_path / "a" / "b")
    assert synced == [tmp_path, tmp_path / "a"]


def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    """Making it again is no error and changes nothing, also through a link."""
    (tmp_path / "real").mkdir(mode=0o711)
    (tmp_path / "link").symlink_to("real")
    durable.make_folder(tmp_path / "link")
    assert stat.S_IMODE((tmp_path / "real").stat().st_mode) == 0o711


def test_a_folder_that_another_process_makes_meanwhile_is_no_error(tmp_path: Path) -> None:
    """The loser of the race finds what it wanted."""
    (tmp_path / "folder").mkdir()
    durable._make_one(tmp_path / "folder", 0o755)


def test_a_file_or_a_dead_link_in_the_place_of_a_folder_is_an_error(tmp_path: Path) -> None:
    """Nothing is deleted to make room."""
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(FileExistsError):
        durable.make_folder(tmp_path / "link")
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("name", ["volume.json", ".zagent", "x.tmp", ".zagent-x", "a.zagent-x.tmp"])
def test_only_our_own_temp_files_are_leftovers(tmp_path: Path, name: str) -> None:
    """What is swept is deleted, so nothing else may look like one."""
    assert not durable.is_leftover(tmp_path / name)
    assert durable.is_leftover(tmp_path / ".zagent-abc.tmp")


def test_a_full_disk_is_told_of_the_file_that_did_not_fit(tmp_path: Path) -> None:
    """The system knows no names where it only writes; of other files nothing is said."""
    for number, named in ((errno.ENOSPC, str(tmp_path / "file")), (errno.EIO, None)):
        with pytest.raises(OSError, match=os.strerror(number)) as caught, durable.writing(tmp_path / "file"):
            raise OSError(number, os.strerror(number))
        assert caught.value.filename == named
