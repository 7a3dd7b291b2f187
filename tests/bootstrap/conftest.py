"""A loop device with a serial number on this machine, and a machine that has next to nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.bootstrap import blank
from tests import loops
from tests.bootstrap.disk import Disk
from tests.bootstrap.local_host import LocalHost


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blkid is asked as often, but at once."""
    monkeypatch.setattr(blank, "PAUSE", 0.0)


@pytest.fixture
def disk() -> Iterator[Disk]:
    """A blank disk of this machine."""
    with loops.alone(), tempfile.TemporaryDirectory(prefix="zagent-test-") as name:
        made = Disk.attach(Path(name))
        try:
            yield made
        finally:
            made.close()


BARE = ("sh", "env", "timeout", "cat", "touch", "ln", "sleep")
"""The programs of a machine on which a shell script can run."""


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalHost:
    """A machine that has a shell, and what a test puts there."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in BARE:
        (tools / name).symlink_to(next(one for one in (Path("/usr/bin") / name, Path("/bin") / name) if one.exists()))
    monkeypatch.setenv("PATH", str(tools))
    return LocalHost(tools)
