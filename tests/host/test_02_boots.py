"""Boots without the volume, and with another beside it: nothing is written where it should not be."""

from __future__ import annotations

import pytest

from infra.bootstrap.want import serial_of
from tests.host.world import World, content
from tests.localcloud.waiting import until

pytestmark = [pytest.mark.series, pytest.mark.vm, pytest.mark.root, pytest.mark.cloud, pytest.mark.timeout(1800)]


def test_a_boot_without_the_volume(host: World) -> None:
    """It completes, people get in, the agent refuses, nothing gets beneath the mount point; back again, all is well."""
    kept = host.kept()
    host.stop()
    host.detach(host.volume)
    before = content(host.disk(host.volume))
    host.start()
    assert "degraded" not in host.root("systemctl is-system-running --wait || true")
    refused = host.ssh("zagent generate 'a fox' --size 128", expect=10)
    assert "data volume" in refused
    assert "Traceback" not in refused
    assert (
        host.root("touch /data/file 2>&1 || ls -A /data")
        == "touch: cannot touch '/data/file': Operation not permitted\n"
    )
    assert content(host.disk(host.volume)) == before

    host.attach(host.volume)
    until(lambda: host.root("mountpoint -q /data && echo mounted || true") == "mounted\n", 120)
    assert host.kept() == kept
    assert host.converge() == 0


def test_two_disks_of_one_size_that_change_places(host: World) -> None:
    """The volume is told by its serial number alone; no byte of the other changes."""
    kept = host.kept()
    other = host.other_volume()
    blank = content(host.disk(other))
    name = device(host, host.volume)
    host.stop()
    host.detach(host.volume)
    host.attach(other, "/dev/sdf")
    host.attach(host.volume, "/dev/sdg")
    host.start()
    assert device(host, host.volume) != name, "the names were to be swapped"
    assert host.kept() == kept
    assert host.converge() == 0
    assert content(host.disk(other)) == blank
    host.delete(other)


def device(world: World, volume: str) -> str:
    """The device name of a volume's disk."""
    return world.root(f"lsblk -dnro PATH,SERIAL | awk '$2 == \"{serial_of(volume)}\" {{ print $1 }}'").strip()
