"""The folder of a local cloud: when it is ours, and when it may be removed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.localcloud.errors import LocalCloudError
from tests.localcloud.process import Process
from tests.localcloud.state import Record, State


def record(started: int | None = None) -> Record:
    """A daemon: this very process, or one that had its number before."""
    me = Process.of(os.getpid())
    return Record(me.pid, me.started if started is None else started, 1, 2, 3, hosts=False)


def test_a_new_folder_is_ours(tmp_path: Path) -> None:
    """It is made with its parents; making it again changes nothing in it."""
    state = State(tmp_path / "a/b")
    state.create()
    (state.volumes / "vol-1.raw").write_text("content")
    state.create()
    assert state.ours
    assert (state.volumes / "vol-1.raw").read_text() == "content"


def test_a_folder_with_something_else_never_becomes_ours(tmp_path: Path) -> None:
    """The marker goes only into an empty folder."""
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "thesis.tex").touch()
    with pytest.raises(LocalCloudError, match="something else"):
        State(folder).create()
    assert [one.name for one in folder.iterdir()] == ["thesis.tex"]


def test_a_folder_of_ours_is_removed(tmp_path: Path) -> None:
    """With all in it."""
    state = State(tmp_path / "cloud")
    state.create()
    state.remove()
    assert not state.folder.exists()


def test_a_folder_without_the_marker_stays(tmp_path: Path) -> None:
    """Clause 1 of the contract."""
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(LocalCloudError, match="not a local cloud's"):
        State(tmp_path).remove()
    assert (tmp_path / "thesis.tex").exists()


def test_a_link_to_a_folder_stays_and_so_does_the_folder(tmp_path: Path) -> None:
    """Clause 2 of the contract."""
    state = State(tmp_path / "cloud")
    state.create()
    link = tmp_path / "link"
    link.symlink_to(state.folder)
    with pytest.raises(LocalCloudError):
        State(link).remove()
    assert state.ours
    assert link.is_symlink()


def test_the_folder_of_a_running_daemon_stays(tmp_path: Path) -> None:
    """Clause 3 of the contract."""
    state = State(tmp_path / "cloud")
    state.create()
    state.write(record())
    with pytest.raises(LocalCloudError, match="stop"):
        state.remove()
    assert state.ours


def test_a_daemon_is_known_by_number_and_start_time(tmp_path: Path) -> None:
    """A record of a number that another process has now is no running daemon, nor is a damaged one."""
    state = State(tmp_path / "cloud")
    state.create()
    assert state.running() is None
    state.write(record())
    assert state.running() == record()
    state.write(record(started=1))
    assert state.running() is None
    state.record.write_text('{"pid":')
    assert state.running() is None
