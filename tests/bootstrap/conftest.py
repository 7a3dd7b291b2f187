"""A loop device with a serial number on this machine, and a machine that has next to nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.bootstrap import blank
from tests import loops
from tests.bootstrap.disk import Disk, run
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


@pytest.fixture
def root(disk: Disk) -> Iterator[Path]:
    """The data root: the volume, mounted, with zagent's folder on it and that of the people."""
    mounted = disk.image.parent / "data"
    mounted.mkdir()
    run("mkfs.xfs", "-q", disk.device)
    run("mount", "-o", "nosuid,nodev", disk.device, mounted)
    try:
        for name in (".zagent", "users"):
            (mounted / name).mkdir(0o755)
        yield mounted
    finally:
        run("umount", mounted)


@pytest.fixture
def system(tmp_path: Path) -> Path:
    """A folder of the system disk, root's, with a file in it: what links on the volume point to."""
    folder = tmp_path / "etc"
    folder.mkdir(0o755)
    (folder / "passwd").write_text("root:x:0:0\n")
    return folder


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
