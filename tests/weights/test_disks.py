"""Disks that fill up and disks that can't read, for real: a small tmpfs, and a loop device cut short."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from zagent.errors import CacheElsewhere, VolumeFull
from zagent.settings import load
from zagent.volume import space
from zagent.volume.adopt import adopt
from zagent.volume.suitable import Ask
from zagent.weights.leftovers import sweep

from tests import loops
from tests.filesystems.disks import fill
from tests.standin import Hub
from tests.weights import child, files
from tests.weights.conftest import Site

pytestmark = pytest.mark.root


def system(*command: str | Path) -> str:
    """Run a system command."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def small_site(tmp_path: Path, hub: Hub) -> Iterator[Site]:
    """A data root of 3 MB in memory."""
    root = tmp_path / "small"
    root.mkdir()
    system("mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", root)
    try:
        adopt(root, Ask(any_filesystem=True, minimum_free=0))
        yield Site(root, hub, [])
    finally:
        system("umount", "-l", root)


def test_a_disk_that_fills_up_is_told_and_resumed_once_there_is_room(
    small_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Someone else fills the disk meanwhile: one error, nothing wrong under a final name, and then it goes on."""
    ballast = small_site.root / "ballast"
    ballast.write_bytes(bytes(2_300_000))
    with monkeypatch.context() as patch:
        patch.setattr(space, "of", lambda path: space.Space(size=0, free=10**12))
        with pytest.raises(VolumeFull, match="modelscope_cache"):
            small_site.pull()
    finals = {path: data for path, data in files.below(small_site.snapshot).items() if "incomplete" not in path}
    assert finals.items() <= files.needed().items()
    assert not small_site.manifest.exists()
    ballast.unlink()
    small_site.hub.reset_log()
    small_site.pull()
    assert not small_site.fetched() & set(finals) - {"model_index.json"}
    assert small_site.verify().whole


def test_doctor_frees_a_disk_that_a_pull_filled(small_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deleting what is half done needs no room: the remedy works just where it is needed."""
    ballast, half = small_site.root / "ballast", small_site.snapshot / f"{files.VAE}.incomplete"
    ballast.write_bytes(bytes(2_300_000))
    with monkeypatch.context() as patch:
        patch.setattr(space, "of", lambda path: space.Space(size=0, free=10**12))
        with pytest.raises(VolumeFull):
            small_site.pull()
    ballast.unlink()  # what the pull itself left may be empty: which thread got the last page is chance
    files.written(half.parent, {half.name: bytes(50_000)})
    fill(small_site.root)
    assert half in sweep(load(small_site.root))
    assert space.of(small_site.root).free > 0


@pytest.fixture
def failing_site(tmp_path: Path, hub: Hub) -> Iterator[tuple[Site, Path]]:
    """A data root on ext4 in a file, with the model on it, and that file."""
    image, root = tmp_path / "disk.img", tmp_path / "disk"
    root.mkdir()
    with image.open("wb") as file:
        file.truncate(64 << 20)
    system("mkfs.ext4", "-q", "-b", "4096", "-O", "^has_journal", image)
    with loops.alone():
        device = system("losetup", "--find", "--show", image)
        system("mount", device, root)
    try:
        adopt(root, Ask(any_filesystem=True, minimum_free=0))
        site = Site(root, hub, [])
        site.pull()
        yield site, image
    finally:
        subprocess.run(["umount", "-l", root], check=False)
        system("losetup", "-d", device)


def first_block(path: Path) -> int:
    """Where a file's bytes begin on its disk, in bytes."""
    line = next(one for one in system("filefrag", "-b1024", "-v", path).splitlines() if one.strip().startswith("0:"))
    return int(line.split(":")[2].split("..")[0]) * 1024


def test_verify_goes_on_after_a_block_that_cannot_be_read(failing_site: tuple[Site, Path]) -> None:
    """The file with the bad blocks is named with the disk's answer, all others are still looked at."""
    site, image = failing_site
    weights = [site.snapshot / path for path in files.needed() if path.endswith(".safetensors")]
    last = max(weights, key=first_block)
    os.sync()
    os.truncate(image, first_block(last))
    Path("/proc/sys/vm/drop_caches").write_text("3")
    done = child.run("--data-root", str(site.root), "verify")
    assert done.returncode == 21
    assert f"bad: {last.relative_to(site.snapshot).as_posix()}: unreadable" in done.stdout
    assert "Input/output error" in done.stdout
    bad = done.stdout.count("bad: ")
    assert f"{len(files.needed()) - bad} of {len(files.needed())} files right" in done.stdout
    assert bad < len(files.needed()) / 2


def test_another_disk_mounted_below_the_data_root_is_refused(site: Site, hub: Hub) -> None:
    """The marker proves the root's filesystem alone: a cache mounted over it may well be the system disk's."""
    cache = site.root / "modelscope_cache"
    cache.mkdir()
    system("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", cache)
    try:
        with pytest.raises(CacheElsewhere, match=f"the mount {cache} leads off"):
            site.pull()
        assert list(cache.iterdir()) == []
    finally:
        system("umount", cache)
    site.pull()
    assert site.verify().whole
