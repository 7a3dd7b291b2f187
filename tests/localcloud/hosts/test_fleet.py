"""A machine's life, on one real machine in a series of boots; the tests build on each other in this order."""

from __future__ import annotations

import shlex
import socket
import subprocess
from pathlib import Path

import pytest

from tests.localcloud.errors import LocalCloudError
from tests.localcloud.hosts import HUB, qemu
from tests.localcloud.hosts.conftest import ADDRESSES, INSTANCE, VOLUME, Detaching, Guest, Keys, public
from tests.localcloud.hosts.fleet import Fleet, remove_all
from tests.localcloud.hosts.image import Image
from tests.localcloud.hosts.record import Record

pytestmark = [pytest.mark.vm, pytest.mark.root, pytest.mark.timeout(1200)]

MOVED = "127.0.0.79"
SILENT = "i-0000000000000001d"


def python(guest: Guest, code: str) -> str:
    """What a Python program prints on the machine."""
    return guest.run(f"python3 -c {shlex.quote(code)}")


def test_first_boot_plants_the_host_key_and_lets_the_login_user_in(guest: Guest, keys: Keys) -> None:
    """The guest refuses any other host key, so that it runs at all proves the planted one."""
    assert guest.run("id --user --name; sudo --non-interactive id --user --name") == "ubuntu\nroot"
    assert guest.run("sudo cat /etc/ssh/ssh_host_*_key.pub").split()[:2] == public(keys.host).split()[:2]
    assert guest.run("cloud-init status --wait").endswith("status: done")
    assert guest.run("systemctl is-system-running --wait") == "running"


def test_the_network_ends_at_its_services(guest: Guest, hub: int) -> None:
    """The service answers; the machine below, the world and every name can't be reached."""
    assert (
        python(guest, f"from urllib.request import urlopen; print(urlopen('http://{HUB}').read().decode())") == "hello"
    )
    for address in (("10.0.2.2", hub), ("192.0.2.1", 80), ("localhost.example", 80)):
        reached = f"import socket; socket.create_connection({address!r}, timeout=3)"
        assert "Error" in python(guest, f"try:\n {reached}\nexcept OSError as error: print('Error', error)")


def test_an_instance_store_disk_lies_beside_the_root_disk(guest: Guest) -> None:
    """It is NVMe as the root disk, blank, mounted nowhere, and not a volume by its serial."""
    [decoy] = [path for serial, path in guest.disks().items() if serial.startswith("AWS-decoy")]
    assert decoy.startswith("/dev/nvme")
    assert guest.run(f"sudo blkid --probe {decoy} || echo $?; lsblk --noheadings --output MOUNTPOINTS {decoy}") == "2"


def test_it_answers_where_it_is_moved_to(fleet: Fleet, guest: Guest) -> None:
    """While it runs; the address that it leaves is free. An address that somebody has is refused."""
    before = guest.address
    with socket.create_server((MOVED, 22)), pytest.raises(LocalCloudError, match=MOVED):
        fleet.move(INSTANCE, MOVED)
    assert guest.answers()
    for _ in range(2):  # the second time it is there
        fleet.move(INSTANCE, MOVED)
    assert guest.address == MOVED
    assert guest.answers()
    socket.create_server((before, 22)).close()


def test_another_fleet_takes_over(
    guest: Guest, fleet: Fleet, made_image: Image, hub: int, volume: Path, detaching: Detaching
) -> None:
    """Whoever opens the folder next finds the machine running; who waits for a mounted disk has it when it is off."""
    fleet.attach(INSTANCE, VOLUME, volume)
    guest.run(f"echo kept > root-file; sudo mkfs.xfs -q {guest.plugged()}; sudo mount {guest.plugged()} /mnt")
    guest.run("echo kept | sudo tee /mnt/file")
    waiting = detaching(fleet, INSTANCE)
    another = Fleet(fleet.folder, made_image, {HUB: hub})
    assert another.running(INSTANCE)
    another.stop(INSTANCE)
    assert not fleet.running(INSTANCE)
    waiting.result()


def test_disks_and_the_address_change_while_it_is_off(fleet: Fleet, guest: Guest, volume: Path) -> None:
    """A stopped machine gives and takes disks that it has or lacks at the next start; its system disk stays."""
    fleet.attach(INSTANCE, VOLUME, volume)
    fleet.detach(INSTANCE, VOLUME)
    fleet.attach(INSTANCE, VOLUME, volume)
    fleet.start(INSTANCE, ADDRESSES[INSTANCE])
    assert guest.address == ADDRESSES[INSTANCE]
    guest.booted()
    assert guest.run("cat root-file") == "kept"
    assert guest.with_volume("cat /mnt/file") == "kept"


def test_a_reboot_is_another_start(fleet: Fleet, guest: Guest) -> None:
    """At the same address, with the same disks; that the system comes up again, the next test shows."""
    machine = fleet.machine(INSTANCE)
    before, kept = machine.process(), machine.record
    fleet.reboot(INSTANCE)
    assert before
    assert not before.alive()
    assert machine.process()
    assert machine.record == kept


def test_a_replaced_root_is_fresh_and_the_data_stays(fleet: Fleet, guest: Guest) -> None:
    """The first boot's user data runs again (same host key, same login); nothing of the old system disk is left."""
    fleet.machine(INSTANCE).cut_power()  # which is quicker than to shut down what still boots
    fleet.replace_root(INSTANCE)
    guest.booted()
    assert guest.run("ls -A | grep root-file || echo gone") == "gone"
    assert guest.with_volume("cat /mnt/file") == "kept"


def test_terminate_leaves_nothing_but_the_volume(fleet: Fleet, guest: Guest, volume: Path) -> None:
    """No process, no folder, whoever does it; a second time is no error."""
    machine = fleet.machine(INSTANCE)
    process = machine.process()
    assert process
    remove_all(fleet.folder)
    assert not process.alive()
    assert not machine.folder.exists()
    assert volume.stat().st_size == 1 << 30
    fleet.terminate(INSTANCE)


def test_a_machine_that_can_not_be_reached_runs(fleet: Fleet, keys: Keys) -> None:
    """Nobody listens where it should answer, nor after a loss of power and a start elsewhere."""
    fleet.launch(SILENT, MOVED, keys.user_data, "", reachable=False)
    fleet.power_cut(SILENT)
    fleet.move(SILENT, ADDRESSES[INSTANCE])
    assert fleet.running(SILENT)
    for address in (MOVED, ADDRESSES[INSTANCE]):
        socket.create_server((address, 22)).close()
    fleet.machine(SILENT).cut_power()
    fleet.start(SILENT, MOVED)
    assert fleet.running(SILENT)
    socket.create_server((MOVED, 22)).close()
    fleet.machine(SILENT).cut_power()
    fleet.terminate(SILENT)


def test_a_launch_that_fails_leaves_nothing(fleet: Fleet, keys: Keys) -> None:
    """The address is taken: QEMU's words are in the error, and no folder stays."""
    with socket.create_server((MOVED, 22)), pytest.raises(LocalCloudError, match="forwarding"):
        fleet.launch(SILENT, MOVED, keys.user_data, "")
    assert not fleet.machine(SILENT).folder.exists()


def test_a_strangers_process_is_not_ended(tmp_path: Path, made_image: Image) -> None:
    """After a crash the number in a pid file may be another program's: not ours, not running, not touched."""
    fleet = Fleet(tmp_path, made_image, {})
    folder = tmp_path / INSTANCE
    folder.mkdir()
    Record(INSTANCE, MOVED).write(folder)
    with subprocess.Popen(["sleep", "600"]) as stranger:
        (folder / qemu.PID_FILE).write_text(f"{stranger.pid}\n")
        assert not fleet.running(INSTANCE)
        fleet.terminate(INSTANCE)
        assert stranger.poll() is None
        stranger.kill()
    assert not folder.exists()
