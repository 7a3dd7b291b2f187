"""Boots without the volume, and with another beside it: nothing is written where it should not be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from zagent.errors import NotAdopted, RuntimeNeeded

from infra.bootstrap.want import ROOT, RUNTIMES, serial_of
from infra.errors import HostUnreachable
from tests.host.disks import mounted
from tests.host.meddling import AtTheFirstCommand
from tests.host.world import World, content
from tests.localcloud.waiting import until

pytestmark = [pytest.mark.vm, pytest.mark.root, pytest.mark.cloud, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def other(world: World) -> Iterator[str]:
    """Another volume of the same size, blank."""
    made = world.other_volume()
    yield made
    world.delete(made)


def test_a_boot_without_the_volume(host: World, other: str) -> None:
    """A blank disk of its size stands in its place: the boot completes, the agent refuses, nothing is written.

    Neither beneath the mount point nor on that disk. When the volume comes back all is well by itself.
    """
    kept, blank = host.kept(), content(host.disk(other))
    host.stop()
    host.detach(host.volume)
    host.attach(other, "/dev/sdf")
    before = content(host.disk(host.volume))
    host.start()
    host.booted()
    assert "degraded" not in host.root("systemctl is-system-running --wait || true")
    refused = host.ssh("zagent generate 'a fox' --size 128", expect=NotAdopted.exit_code)
    assert "data volume" in refused
    assert "Traceback" not in refused
    beneath = host.root("touch /data/file 2>&1 || ls -A /data")
    assert beneath == "touch: cannot touch '/data/file': Operation not permitted\n"
    assert content(host.disk(host.volume)) == before
    host.attach(host.volume, "/dev/sdg")
    until(host.mounted, 120)
    assert host.kept() == kept
    host.settle()
    assert content(host.disk(other)) == blank


def test_two_disks_of_one_size_change_places_while_a_converge_begins(host: World, other: str) -> None:
    """The host goes down under it, and that is said; then the volume is told by its serial number alone."""
    kept, blank = host.kept(), content(host.disk(other))
    names = device(host, host.volume), device(host, other)
    with pytest.raises(HostUnreachable):
        host.converge(through=AtTheFirstCommand(host.stop))
    host.detach(other)
    host.detach(host.volume)
    host.attach(host.volume, "/dev/sdf")
    host.attach(other, "/dev/sdg")
    host.start()
    host.booted()
    host.settle()
    assert (device(host, other), device(host, host.volume)) == names, "the names were to be swapped"
    assert host.kept() == kept
    assert content(host.disk(other)) == blank


def test_a_volume_that_comes_back_with_a_changed_package(host: World, tmp_path: Path) -> None:
    """One byte: the mount finds it, people run the rescue and are told so, a converge brings the packages again."""
    kept = host.kept()
    host.release()
    host.detach(host.volume)
    changed = change_a_byte(host.disk(host.volume), tmp_path)
    host.attach(host.volume)
    until(host.mounted, 120)
    told = host.ssh("zagent generate 'a fox' --size 128", expect=RuntimeNeeded.exit_code)
    assert "not those that root put there" in told
    assert "Traceback" not in told
    assert changed in host.root("journalctl -b -o cat -u zagent-runtime")
    assert host.kept() == kept
    assert host.converge() > 0
    assert any("install the packages" in line for line in host.said)
    assert "not those" not in host.ssh("zagent doctor || true")
    assert host.kept() == kept
    host.settled = True


def change_a_byte(disk: Path, folder: Path) -> str:
    """Change the last byte of one package file on the volume, which is in no machine; the file's name."""
    with mounted(disk, folder) as root:
        runtimes = root / Path(RUNTIMES).relative_to(ROOT)
        victim = next(runtimes.glob("*/lib/python3*/site-packages/modelscope_hub/__init__.py"))
        text = victim.read_bytes()
        with victim.open("r+b") as file:
            file.seek(len(text) - 1)
            file.write(b"#" if text[-1:] != b"#" else b" ")
    return f"{victim.parent.name}/{victim.name}"


def device(world: World, volume: str) -> str:
    """The device name of a volume's disk."""
    return world.root(f"lsblk -dnro PATH,SERIAL | awk '$2 == \"{serial_of(volume)}\" {{ print $1 }}'").strip()
