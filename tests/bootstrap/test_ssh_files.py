"""Files over SSH, against a real server on loopback: whole, or not at all."""

from __future__ import annotations

import io
import os
import secrets
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.bootstrap.permission import Record
from infra.bootstrap.ssh.fabric_host import FabricHost
from infra.bootstrap.steps.base import Target
from infra.bootstrap.steps.files import ARCHIVES, Unpack
from infra.bootstrap.want import AGENTS
from infra.errors import CommandFailed
from tests.bootstrap.local_host import Noted
from tests.bootstrap.server import host, needs_sshd, server

__all__ = ["host", "server"]

pytestmark = [pytest.mark.root, needs_sshd]


def under_way() -> set[Path]:
    """Files on their way to where they are put; whatever else runs on this machine has folders of longer names."""
    return {one for one in Path("/var/tmp").glob("zagent-????????") if one.is_file()}


@pytest.mark.parametrize("size", [0, 5, 3_000_000])
def test_a_file_is_put_whole_with_mode_and_owner(host: FabricHost, tmp_path: Path, size: int) -> None:
    """Bytes or a file; nothing else is left where it went through."""
    content, target = bytes(range(256)) * (size // 256 + 1), tmp_path / "made"
    (tmp_path / "source").write_bytes(content)
    before = under_way()
    for source in (content, tmp_path / "source"):
        target.unlink(missing_ok=True)
        host.put(source, str(target), 0o640, "nobody:root")
        assert target.read_bytes() == content
        assert (target.stat().st_mode & 0o7777, target.owner()) == (0o640, "nobody")
    assert under_way() == before
    assert {one.name for one in tmp_path.iterdir()} == {"made", "source", "home"}


def test_a_file_that_cannot_be_put_is_an_error(host: FabricHost) -> None:
    """And what was there stays."""
    with pytest.raises(CommandFailed, match="could not write /nowhere/at/all"):
        host.put(b"x", "/nowhere/at/all", 0o644)


NOBODY = 65534


@pytest.mark.parametrize("name", ["made", "made.new"])
def test_nothing_is_put_into_a_folder_that_has_the_files_name(host: FabricHost, tmp_path: Path, name: str) -> None:
    """It may be anybody's: they would own the folder of what root reads next."""
    trap = tmp_path / name
    trap.mkdir(0o777)
    os.chown(trap, NOBODY, NOBODY)
    before = under_way()
    with pytest.raises(CommandFailed, match=f"could not write {tmp_path}/made: .*directory"):
        host.put(b"x", str(tmp_path / "made"), 0o600)
    assert list(trap.iterdir()) == []
    assert {one.name for one in tmp_path.iterdir()} - {"home"} == {name}
    assert under_way() == before


NAME = secrets.token_hex(8)
"""What is unpacked; others may run these tests at the same time."""


@pytest.fixture
def traps() -> Iterator[list[Path]]:
    """Folders of another user's, where archives waited to be unpacked once."""
    made = [Path("/var/tmp") / f"zagent-{NAME}.tar.gz{end}" for end in ("", ".new")]
    for one in made:
        one.mkdir()
        os.chown(one, NOBODY, NOBODY)
    yield made
    for one in made:
        shutil.rmtree(one, ignore_errors=True)


def archive() -> bytes:
    """One with a file."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as tar:
        info = tarfile.TarInfo("words")
        info.size = 5
        tar.addfile(info, io.BytesIO(b"hello"))
    return held.getvalue()


def test_an_archive_waits_where_root_alone_can_put_one(host: FabricHost, tmp_path: Path, traps: list[Path]) -> None:
    """What an earlier try left there is gone."""
    waiting = tmp_path / "opt" / ".archives"
    waiting.mkdir(parents=True, mode=0o755)
    (waiting / "fedcba9876543210.tar.gz.new").write_bytes(b"half")
    os.chown(waiting, NOBODY, NOBODY)
    step = Unpack("the agent", str(tmp_path / "opt"), NAME, archive, archives=str(waiting))
    step.take(Target(host, Noted(Record(0)), print))
    assert (tmp_path / "opt" / NAME / "words").read_text() == "hello"
    assert (waiting.stat().st_mode & 0o7777, waiting.stat().st_uid, list(waiting.iterdir())) == (0o700, 0, [])
    assert [list(one.iterdir()) for one in traps] == [[], []]


def test_archives_do_not_wait_behind_a_link(host: FabricHost, tmp_path: Path) -> None:
    """Nothing is removed where it leads."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "photo").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    step = Unpack("the agent", str(tmp_path / "opt"), NAME, archive, archives=str(tmp_path / "link"))
    with pytest.raises(CommandFailed, match="lies behind a link"):
        step.take(Target(host, Noted(Record(0)), print))
    assert (tmp_path / "mine" / "photo").read_text() == "mine"


def test_archives_wait_in_a_folder_of_roots() -> None:
    """Beside the agent's own, under a name that none of those has."""
    assert Path(ARCHIVES).parent == Path(AGENTS)
    assert Unpack("", "", "", archive).archives == ARCHIVES
