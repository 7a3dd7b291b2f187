"""Disks that hold somebody's data: refused with what was found, and not a byte of them changes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra import tags
from infra.errors import FormatRefused, MountRefused
from tests.host.world import World, content

pytestmark = [pytest.mark.vm, pytest.mark.root, pytest.mark.cloud, pytest.mark.timeout(1800)]


def ext4(disk: Path) -> None:
    """Somebody's photos."""
    subprocess.run(["mkfs.ext4", "-q", "-L", "photos", disk], check=True)


def xfs(disk: Path) -> None:
    """A filesystem as ours, made by somebody else."""
    subprocess.run(["mkfs.xfs", "-q", disk], check=True)


def partitions(disk: Path) -> None:
    """A partition table of the old kind with one Linux partition, and nothing in that yet."""
    entry = bytes([0, 2, 3, 0, 0x83, 254, 255, 255]) + (2048).to_bytes(4, "little") + (1 << 21).to_bytes(4, "little")
    with disk.open("r+b") as file:
        file.seek(446)
        file.write(entry + bytes(48) + b"\x55\xaa")


def deep_down(disk: Path) -> None:
    """No signature at all: a raw database somewhere in the middle."""
    with disk.open("r+b") as file:
        file.seek(file.seek(0, 2) // 63 * 10)
        file.write(b"data" * (1 << 19))


@pytest.fixture(scope="module")
def unmounted(world: World) -> Iterator[World]:
    """The host, its own volume unmounted for a while."""
    if not world.settled:
        world.converge()
    world.settled = False
    world.release()
    yield world
    world.root("mount /data")
    world.settle()


@pytest.mark.parametrize(
    ("prepare", "error", "told"),
    [
        (ext4, MountRefused, "ext4"),
        (xfs, MountRefused, "no marker"),
        (partitions, MountRefused, "dos"),
        (deep_down, FormatRefused, "not empty"),
    ],
    ids=["ext4", "xfs", "partitions", "no signature"],
)
def test_a_strangers_disk(unmounted: World, prepare: Callable[[Path], None], error: type[Exception], told: str) -> None:
    """Under the tags of this very stack, as if it had been tagged by hand; the cloud notes nothing either."""
    host = unmounted
    other = host.other_volume(prepare)
    try:
        before = content(host.disk(other))
        host.attach(other, "/dev/sdh")
        refusal = host.refused(other)
        after = content(host.disk(other))
        found = host.access.ec2.describe_volumes(VolumeIds=[other])["Volumes"][0]["Tags"]
    finally:
        host.delete(other)
    assert type(refusal) is error
    assert told in refusal.message
    assert "{" not in refusal.advice
    assert after == before
    assert tags.values(found).get(tags.FORMAT, "") == ""


def test_somebody_else_is_mounted_there(unmounted: World) -> None:
    """A file system of memory at /data: it is not pushed aside, and the volume is not mounted over it."""
    unmounted.root("mount -t tmpfs tmpfs /data")
    refusal = unmounted.refused()
    assert "tmpfs is mounted there" in refusal.message
    assert "sudo umount /data" in refusal.advice
    unmounted.root("umount /data")
