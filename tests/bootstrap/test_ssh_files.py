"""Files over SSH, against a real server on loopback: whole, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.bootstrap.ssh.fabric_host import FabricHost
from infra.errors import CommandFailed
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
