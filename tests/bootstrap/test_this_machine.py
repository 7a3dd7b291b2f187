"""The commands of all facts, on this machine and its real disks."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from zagent.volume import disk as filesystems
from zagent.volume import marker

from infra.bootstrap import agent
from infra.bootstrap import gather as gathering
from infra.bootstrap.facts.model import Bare, Content, Facts, Filesystem, Placed
from infra.bootstrap.files import script
from infra.bootstrap.gather import gather
from infra.bootstrap.plan.host import plan
from infra.bootstrap.runtime import lock_text, rescue
from infra.bootstrap.steps import volume
from infra.bootstrap.steps.base import Target
from infra.bootstrap.superblock import Superblock
from infra.bootstrap.want import AGENTS, Want
from infra.errors import MountRefused
from tests import loops
from tests.bootstrap.disk import SERIAL, SIZE, UUID, Disk, half_made, run
from tests.bootstrap.signatures import SIGNATURES, Signature

pytestmark = pytest.mark.root

WANT = Want(SERIAL, "root")
OURS = Content((".zagent",), json.dumps(asdict(replace(marker.new("data-disk", "xfs", UUID), lineage=(SERIAL,)))))


def test_a_blank_disk(disk: Disk) -> None:
    """Found by its serial number; nothing is on it; the rest of the machine is told as it is."""
    found = gather(disk.host, WANT, print)
    (data,) = [one for one in found.disks if one.serial == SERIAL]
    assert (data.path, data.size, data.mounted_at) == (disk.device, SIZE, ())
    assert (found.filesystem, found.superblock, found.mount, found.content) == (None, None, None, None)
    assert found.python is not None
    assert found.python.version[:2] >= (3, 10)
    assert found.accounts["root"] == (0, 0)
    assert not found.weights


def test_what_takes_long_is_told(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it is done; the facts are for nobody's eyes."""
    text = script("gather")
    monkeypatch.setattr(gathering, "script", lambda name: text.replace("SILENCE = 30", "SILENCE = 0"))
    said: list[str] = []
    gather(disk.host, WANT, said.append)
    assert said == [gathering.NOTICE]


def test_a_filesystem_is_looked_at_without_a_change(disk: Disk) -> None:
    """Its uuid, its names and its marker are read; not a byte of the disk changes, not even in its journal."""
    disk.format()
    folder = disk.image.parent / "mounted"
    folder.mkdir()
    run("mount", disk.device, folder)
    (folder / "photos").mkdir()
    marker.write(folder, marker.new("data-disk", "xfs", filesystems.filesystem_uuid(folder)))
    run("umount", folder)
    before = disk.digest()
    found = gather(disk.host, WANT, print)
    assert disk.digest() == before
    assert found.filesystem == Filesystem("xfs", UUID)
    assert found.superblock == Superblock(UUID, in_progress=False, wiped=False)
    assert found.content is not None
    assert set(found.content.names) == {".zagent", ".zagent/volume.json", "photos"}
    assert marker.parse(found.content.marker.encode()).fs_uuid == UUID


def test_nobody_else_sees_it_mounted_while_it_is_looked_at(disk: Disk) -> None:
    """The facts are gathered side by side: the list of disks would have it mounted somewhere, and that is refused."""
    disk.format()
    seen = disk.image.with_name("seen")
    disk.host.give("find", f'cat /proc/{os.getpid()}/mounts >>{seen}; exec /usr/bin/find "$@"')
    assert gather(disk.host, WANT, print).content == Content((), "")
    assert disk.device not in seen.read_text()


def test_a_half_made_filesystem_looks_whole_to_blkid(tmp_path: Path) -> None:
    """Only the superblock's own mark tells, which is why it is read."""
    with loops.alone():
        cut_off = Disk.attach(tmp_path, half_made(tmp_path))
        try:
            found = gather(cut_off.host, WANT, print)
        finally:
            cut_off.close()
    assert found.filesystem == Filesystem("xfs", UUID)
    assert found.superblock == Superblock(UUID, in_progress=True, wiped=False)
    assert found.content is None


def test_an_empty_filesystem_is_told_from_one_that_cannot_be_read(disk: Disk) -> None:
    """No names and no marker, but a look that succeeded."""
    disk.format()
    assert gather(disk.host, WANT, print).content == Content((), "")


def with_agent(found: Facts) -> Facts:
    """The same where the agent is: a refusal whose remedy is typed to it waits for it."""
    assert found.python is not None
    folders = (f"{AGENTS}/{agent.key()}", rescue(lock_text(), found.python).folder)
    return replace(found, placed={one: Placed("755", 0, "") for one in folders})


@pytest.mark.parametrize("signature", SIGNATURES, ids=lambda one: one.kind)
def test_an_odd_disk_is_refused_with_what_was_found(disk: Disk, signature: Signature) -> None:
    """Whatever somebody else has on it: the error names it, nothing is planned, not a byte changes."""
    signature.put(disk)
    before = disk.digest()
    with pytest.raises(MountRefused) as refused:
        plan(with_agent(gather(disk.host, WANT, print)), WANT, disk.permission.read())
    told = "no marker" if signature.kind == "xfs" else f"it holds {signature.kind}"
    assert told in refused.value.message
    assert disk.digest() == before


def test_a_filesystem_that_hangs_there_twice(disk: Disk) -> None:
    """The same uuid on another disk is seen, also without a mount."""
    disk.format()
    copy = disk.image.with_name("copy.img")
    run("cp", "--sparse=always", disk.image, copy)
    device = run("losetup", "--find", "--show", copy)
    try:
        found = gather(disk.host, WANT, print)
    finally:
        run("losetup", "--detach", device)
    assert {path for path, uuid in found.uuids.items() if uuid == UUID} == {disk.device, device}
    with pytest.raises(MountRefused, match=f"{device} carries the filesystem {UUID}, too"):
        plan(replace(found, content=OURS), WANT, disk.permission.record)


@pytest.fixture
def mounted(disk: Disk) -> Iterator[Path]:
    """The disk with a filesystem, mounted."""
    disk.format()
    folder = disk.image.parent / "mounted"
    folder.mkdir()
    run("mount", disk.device, folder)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], capture_output=True, check=False)


def test_a_grown_disk_is_used_whole(disk: Disk, mounted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The filesystem grows while it is mounted, its files stay, and then there is nothing to grow."""
    (mounted / "file").write_text("kept")
    for module in (gathering, volume):
        monkeypatch.setattr(module, "ROOT", str(mounted))
    assert gather(disk.host, WANT, print).covered == SIZE
    run("truncate", "-s", str(2 * SIZE), disk.image)
    run("losetup", "--set-capacity", disk.device)
    volume.Grow(disk.device).take(Target(disk.host, disk.permission, print))
    assert gather(disk.host, WANT, print).covered == 2 * SIZE
    assert (mounted / "file").read_text() == "kept"


def test_a_smaller_disk_is_waited_for(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until it has grown; one that stays smaller is refused with both sizes, and no byte of it changes."""
    monkeypatch.setattr(volume, "SIZE_PATIENCE", 0)
    before, to = disk.digest(), Target(disk.host, disk.permission, print)
    with pytest.raises(MountRefused) as refused:
        volume.AwaitSize(disk.device, 2 * SIZE).take(to)
    assert f"it has {SIZE} bytes, the volume has {2 * SIZE}" in refused.value.message
    assert disk.digest() == before
    monkeypatch.setattr(volume, "SIZE_PATIENCE", 1)
    run("truncate", "-s", str(2 * SIZE), disk.image)
    run("losetup", "--set-capacity", disk.device)
    volume.AwaitSize(disk.device, 2 * SIZE).take(to)


def test_the_mount_point_is_guarded_below_the_mount(disk: Disk, mounted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen and set while the volume is mounted and takes writes; unmounted, not even root writes there."""
    for module in (gathering, volume):
        monkeypatch.setattr(module, "ROOT", str(mounted))
    assert gather(disk.host, WANT, print).bare == Bare("directory", (), immutable=False)
    volume.Guard().take(Target(disk.host, disk.permission, print))
    try:
        assert gather(disk.host, WANT, print).bare == Bare("directory", (), immutable=True)
        (mounted / "file").write_text("on the volume")
        run("umount", mounted)
        assert gather(disk.host, WANT, print).bare == Bare("directory", (), immutable=True)
        with pytest.raises(PermissionError):
            (mounted / "file").write_text("beneath it")
    finally:
        subprocess.run(["umount", mounted], capture_output=True, check=False)
        run("chattr", "-i", mounted)


def test_what_lies_in_the_mount_point_is_seen(disk: Disk, mounted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of the system disk where the volume belongs, mounted over or not; a link is told as one."""
    monkeypatch.setattr(gathering, "ROOT", str(mounted))
    (mounted / "on the volume").touch()
    run("umount", mounted)
    (mounted / "beneath it").touch()
    found = Bare("directory", ("beneath it",), immutable=False)
    assert gather(disk.host, WANT, print).bare == found
    run("mount", disk.device, mounted)
    assert gather(disk.host, WANT, print).bare == found
    link = mounted.with_name("link")
    link.symlink_to(mounted)
    monkeypatch.setattr(gathering, "ROOT", str(link))
    assert gather(disk.host, WANT, print).bare == Bare("symbolic link", (), immutable=None)
    monkeypatch.setattr(gathering, "ROOT", str(mounted.with_name("nothing")))
    assert gather(disk.host, WANT, print).bare is None
