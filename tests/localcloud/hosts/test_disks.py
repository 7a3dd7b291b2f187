"""A disk between two real machines, and a loss of power; the tests build on each other in this order."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.localcloud.errors import LocalCloudError
from tests.localcloud.hosts.conftest import INSTANCE, OTHER, SERIAL, VOLUME, Detaching, Guest
from tests.localcloud.hosts.fleet import Fleet

pytestmark = [pytest.mark.vm, pytest.mark.root, pytest.mark.timeout(1200)]


def test_a_disk_carries_a_file_from_one_machine_to_another(
    fleet: Fleet, guest: Guest, other: Guest, volume: Path
) -> None:
    """Two machines run at once; the disk is plugged into each under the volume's serial, and out of the first."""
    assert guest.boot() != other.boot()
    fleet.attach(INSTANCE, VOLUME, volume)
    known = guest.run(f"udevadm info --query=property {guest.plugged()}")
    assert f"ID_SERIAL_SHORT={SERIAL}" in known.splitlines()  # as of an NVMe disk
    guest.run(f"sudo mkfs.xfs -q {guest.plugged()}")
    guest.with_volume("echo carried | sudo tee /mnt/file")
    fleet.detach(INSTANCE, VOLUME)
    assert SERIAL not in guest.disks()
    fleet.attach(OTHER, VOLUME, volume)
    assert other.with_volume("cat /mnt/file") == "carried"


def test_a_disk_is_in_one_place_at_a_time(fleet: Fleet, other: Guest, volume: Path) -> None:
    """What is refused changes nothing: it can be attached, or detached, when the reason is gone."""
    with pytest.raises(LocalCloudError, match="in it already"):
        fleet.attach(OTHER, VOLUME, volume)
    with pytest.raises(LocalCloudError, match="lock"):
        fleet.attach(INSTANCE, VOLUME, volume)
    with pytest.raises(LocalCloudError, match="not attached"):
        fleet.detach(INSTANCE, VOLUME)


def test_a_disk_grows_while_it_is_mounted(fleet: Fleet, other: Guest, volume: Path) -> None:
    """The system sees the new size at once, and so does its filesystem when it is told to."""
    device = other.plugged()
    other.run(f"sudo mount {device} /mnt")
    os.truncate(volume, 2 << 30)
    fleet.resize(OTHER, VOLUME)
    assert other.run(f"lsblk --nodeps --bytes --noheadings --output SIZE {device}") == str(2 << 30)
    blocks = other.run("sudo xfs_growfs /mnt > /dev/null; df --block-size=1 --output=size /mnt").split()[-1]
    assert int(blocks) > 1.9 * (1 << 30)


def test_a_mounted_disk_stays_until_it_is_unmounted(fleet: Fleet, other: Guest, detaching: Detaching) -> None:
    """The detachment waits, and goes on by itself."""
    waiting = detaching(fleet, OTHER)
    assert other.run("cat /mnt/file") == "carried"
    other.run("sudo umount /mnt")
    waiting.result()
    assert SERIAL not in other.disks()


def test_a_disk_whose_writes_fail_can_be_read(fleet: Fleet, other: Guest, volume: Path) -> None:
    """From the order on, in the mounted filesystem and below it."""
    fleet.attach(OTHER, VOLUME, volume)
    device = other.plugged()
    other.run(f"sudo mount {device} /mnt")
    fleet.fail_writes(OTHER, VOLUME)
    assert "Input/output error" in other.run("sudo dd if=/dev/zero of=/mnt/lost count=1 conv=fsync 2>&1 || true")
    assert "Input/output error" in other.run(f"sudo dd if=/dev/zero of={device} count=1 oflag=direct 2>&1 || true")
    other.run(f"sudo dd if={device} of=/dev/null bs=1M count=4 iflag=direct")


def test_it_is_sound_again_elsewhere(fleet: Fleet, guest: Guest, other: Guest, volume: Path) -> None:
    """By force it goes although it is mounted; its content is what was there before, and writes work."""
    fleet.detach(OTHER, VOLUME, force=True)
    assert SERIAL not in other.disks()
    other.run("sudo umount /mnt")
    fleet.attach(INSTANCE, VOLUME, volume)
    assert (
        guest.with_volume("cat /mnt/file; sudo dd if=/dev/zero of=/mnt/new count=1 conv=fsync 2> /dev/null")
        == "carried"
    )
    fleet.detach(INSTANCE, VOLUME)


def test_a_loss_of_power_loses_what_was_not_synced(fleet: Fleet, other: Guest, volume: Path) -> None:
    """It boots again, at its address and with its disk; what was synced is there."""
    fleet.attach(OTHER, VOLUME, volume)
    before, address = other.boot(), other.address
    other.run(f"sudo mount {other.plugged()} /mnt && echo synced | sudo tee /mnt/synced && sync")
    other.run("echo lost | sudo tee /mnt/lost")
    fleet.power_cut(OTHER)
    other.booted()
    assert other.boot() != before
    assert other.address == address
    assert other.with_volume("cat /mnt/synced /mnt/lost 2> /dev/null || true") == "synced"


def test_termination_ends_the_wait_for_a_mounted_disk(
    fleet: Fleet, other: Guest, volume: Path, detaching: Detaching
) -> None:
    """The machine goes, the disk is free and whole."""
    other.run(f"sudo mount {other.plugged()} /mnt && echo last | sudo tee /mnt/last")
    waiting = detaching(fleet, OTHER)
    fleet.terminate(OTHER)
    waiting.result()
    assert not fleet.machine(OTHER).folder.exists()


def test_a_disk_that_went_with_its_machine_is_whole(fleet: Fleet, guest: Guest, volume: Path) -> None:
    """The system was shut down, so that it wrote what it held back."""
    fleet.attach(INSTANCE, VOLUME, volume)
    assert guest.with_volume("cat /mnt/last") == "last"
    fleet.detach(INSTANCE, VOLUME)
