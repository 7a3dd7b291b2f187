"""One writer at a time, named to whoever comes too; a dead one is no obstacle."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from zagent import lock
from zagent.errors import ModelBusy


def holder(path: Path) -> int:
    """A child that holds the lock and then waits to be killed; returns when it does."""
    ready, tell = os.pipe()
    if (child := os.fork()) == 0:
        with lock.held(path, "owner/model", "zagent pull"):
            os.write(tell, b"!")
            signal.pause()
        os._exit(0)
    assert os.read(ready, 1) == b"!"
    os.close(ready)
    os.close(tell)
    return child


def kill(child: int) -> None:
    """As the kernel does when memory is short."""
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_a_living_holder_is_shown_and_a_dead_one_taken_over(tmp_path: Path) -> None:
    """Who, where and doing what; after kill -9 its note still stands there, but the lock is free at once."""
    path = tmp_path / "model.lock"
    child = holder(path)
    try:
        with pytest.raises(ModelBusy) as raised, lock.held(path, "owner/model", "zagent verify"):
            pass
        assert "owner/model is in use by `zagent pull`" in str(raised.value)
        assert f"process {child} on {os.uname().nodename}, since 20" in str(raised.value)
        assert json.loads(path.read_text())["pid"] == child
    finally:
        kill(child)
    assert json.loads(path.read_text())["pid"] == child
    with lock.held(path, "owner/model", "zagent pull"):
        assert json.loads(path.read_text())["pid"] == os.getpid()
    assert path.read_bytes() == b""


def test_the_file_is_left_empty_also_after_an_error(tmp_path: Path) -> None:
    """No note outlives its writer, and the next one is let in."""
    path = tmp_path / "model.lock"
    with pytest.raises(KeyboardInterrupt), lock.held(path, "owner/model", "zagent pull"):
        raise KeyboardInterrupt
    assert path.read_bytes() == b""
    with lock.held(path, "owner/model", "zagent pull"):
        pass


def test_a_refused_comer_does_not_touch_the_note(tmp_path: Path) -> None:
    """The third one still sees who the first is."""
    path = tmp_path / "model.lock"
    with lock.held(path, "owner/model", "first"):
        before = path.read_bytes()
        for _ in range(2):
            with pytest.raises(ModelBusy, match="`first`"), lock.held(path, "owner/model", "next"):
                pass
        assert path.read_bytes() == before


@pytest.mark.parametrize("note", [b"", b"{", b"[]", b"{}", b"null", b"\xff"])
def test_a_note_that_cannot_be_read_is_no_obstacle(tmp_path: Path, note: bytes) -> None:
    """It is read in the moment of its writing: busy all the same."""
    path = tmp_path / "model.lock"
    with lock.held(path, "owner/model", "first"):
        path.write_bytes(note)
        with pytest.raises(ModelBusy, match="another process"), lock.held(path, "owner/model", "next"):
            pass


def test_two_models_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """One lock per model."""
    with lock.held(tmp_path / "a.lock", "a", "x"), lock.held(tmp_path / "b.lock", "b", "y"):
        pass


def test_a_link_in_the_place_of_the_lock_is_not_followed(tmp_path: Path) -> None:
    """A lock file is emptied; whoever may write beside it must not choose which file that is."""
    (tmp_path / "precious").write_bytes(b"mine")
    (tmp_path / "model.lock").symlink_to("precious")
    with pytest.raises(OSError, match="symbolic links"), lock.held(tmp_path / "model.lock", "a", "x"):
        pass
    assert (tmp_path / "precious").read_bytes() == b"mine"


@pytest.mark.root
def test_one_that_root_made_is_for_the_folders_owner(tmp_path: Path) -> None:
    """Whoever keeps the weights takes it next."""
    os.chown(tmp_path, 65534, 65534)
    with lock.held(tmp_path / "model.lock", "owner/model", "zagent gc"):
        pass
    assert (tmp_path / "model.lock").stat().st_uid == 65534
