"""A machine's life, on one real machine in a series of boots; the tests build on each other in this order."""

from __future__ import annotations

import shlex
import socket
import subprocess
from pathlib import Path

import pytest

from tests.localcloud.errors import LocalCloudError
from tests.localcloud.hosts import qemu
from tests.localcloud.hosts.conftest import ADDRESS, HUB, INSTANCE, Guest, Keys, public
from tests.localcloud.hosts.fleet import Fleet
from tests.localcloud.hosts.image import Image
from tests.localcloud.hosts.record import Record
from tests.localcloud.waiting import until

pytestmark = [pytest.mark.vm, pytest.mark.root, pytest.mark.timeout(600)]

VOLUME = "vol-0abcdefabcdefabcd"
SERIAL = "vol0abcdefabcdefabcd"
MOUNTED = "sudo mount {} /mnt && {{ {}; }} && sudo umount /mnt"


@pytest.fixture(scope="module")
def volume(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The blank disk of a volume."""
    disk = tmp_path_factory.mktemp("volumes") / f"{VOLUME}.raw"
    with disk.open("wb") as file:
        file.truncate(1 << 30)
    return disk


def python(guest: Guest, code: str) -> str:
    """What a Python program prints on the machine."""
    return guest.run(f"python3 -c {shlex.quote(code)}")


def plugged(guest: Guest) -> str:
    """The device of the volume, once it is there."""
    until(lambda: SERIAL in guest.disks())
    return guest.disks()[SERIAL]


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
    """It is NVMe as the others, blank, mounted nowhere, and not a volume by its serial."""
    [decoy] = [path for serial, path in guest.disks().items() if serial.startswith("AWS-decoy")]
    assert decoy.startswith("/dev/nvme")
    assert guest.run(f"sudo blkid --probe {decoy} || echo $?; lsblk --noheadings --output MOUNTPOINTS {decoy}") == "2"


def test_a_disk_keeps_its_content_when_it_goes_and_comes(fleet: Fleet, guest: Guest, volume: Path) -> None:
    """It is plugged into the running machine, under the volume's serial; pulled out; and plugged in again."""
    fleet.attach(INSTANCE, VOLUME, volume)
    device = plugged(guest)
    guest.run(f"sudo mkfs.xfs -q {device}")
    guest.run(MOUNTED.format(device, "echo kept | sudo tee /mnt/file"))
    fleet.detach(INSTANCE, VOLUME)
    assert SERIAL not in guest.disks()
    fleet.attach(INSTANCE, VOLUME, volume)
    assert guest.run(MOUNTED.format(plugged(guest), "cat /mnt/file")) == "kept"


def test_a_disk_is_in_one_place_at_a_time(fleet: Fleet, volume: Path) -> None:
    """What is refused changes nothing: it can be attached, or detached, when the reason is gone."""
    with pytest.raises(LocalCloudError, match="in it already"):
        fleet.attach(INSTANCE, VOLUME, volume)
    with pytest.raises(LocalCloudError, match="lock"):
        fleet.attach(INSTANCE, "vol-1", volume)
    with pytest.raises(LocalCloudError, match="not attached"):
        fleet.detach(INSTANCE, "vol-1")


def test_another_fleet_takes_over_and_reboots(guest: Guest, fleet: Fleet, made_image: Image, hub: int) -> None:
    """Whoever opens the folder next finds the machine running; a reboot keeps both disks."""
    guest.run("echo kept > root-file")
    before = guest.boot()
    another = Fleet(fleet.folder, made_image, {HUB: hub})
    assert another.running(INSTANCE)
    another.reboot(INSTANCE)
    guest.booted()
    assert guest.boot() != before
    assert guest.run("cat root-file") == "kept"
    assert SERIAL in guest.disks()


def test_disks_change_while_it_is_off(fleet: Fleet, guest: Guest, volume: Path) -> None:
    """A stopped machine has no process, and gives and takes disks that it has or lacks at the next start."""
    fleet.stop(INSTANCE)
    assert not fleet.running(INSTANCE)
    fleet.detach(INSTANCE, VOLUME)
    fleet.attach(INSTANCE, VOLUME, volume)
    fleet.start(INSTANCE)
    guest.booted()
    assert guest.run(MOUNTED.format(plugged(guest), "cat /mnt/file")) == "kept"


def test_a_replaced_root_is_fresh_and_the_data_stays(fleet: Fleet, guest: Guest) -> None:
    """The first boot's user data runs again (same host key, same login); nothing of the old system disk is left."""
    fleet.replace_root(INSTANCE)
    guest.booted()
    assert guest.run("ls -A | grep root-file || echo gone") == "gone"
    assert guest.run(MOUNTED.format(plugged(guest), "cat /mnt/file")) == "kept"


def test_pytorch_lies_where_awss_images_have_it(guest: Guest) -> None:
    """The image's Python runs the pipeline's libraries from that folder."""
    code = "import accelerate, torch; from diffusers import ZImagePipeline; print(torch.__version__)"
    path = "PYTHONPATH=/opt/pytorch/lib/python3.11/site-packages"
    assert guest.run(f"{path} python3 -c {shlex.quote(code)}").startswith("2.")


def test_terminate_leaves_nothing_but_the_volume(fleet: Fleet, guest: Guest, volume: Path) -> None:
    """No process, no folder; a second time is no error."""
    process = fleet.machine(INSTANCE).process()
    assert process
    fleet.terminate(INSTANCE)
    assert not process.alive()
    assert not list(fleet.folder.iterdir())
    assert volume.stat().st_size == 1 << 30
    fleet.terminate(INSTANCE)


def test_a_launch_that_fails_leaves_nothing(fleet: Fleet, keys: Keys) -> None:
    """The address is taken: QEMU's words are in the error, and no folder stays."""
    with socket.create_server((ADDRESS, 22)), pytest.raises(LocalCloudError, match="forwarding"):
        fleet.launch("i-1", ADDRESS, keys.user_data, "")
    assert not list(fleet.folder.iterdir())


def test_a_strangers_process_is_not_ended(tmp_path: Path, made_image: Image) -> None:
    """After a crash the number in a pid file may be another program's: not ours, not running, not touched."""
    fleet = Fleet(tmp_path, made_image, {})
    folder = tmp_path / INSTANCE
    folder.mkdir()
    Record(INSTANCE, ADDRESS).write(folder)
    with subprocess.Popen(["sleep", "600"]) as stranger:
        (folder / qemu.PID_FILE).write_text(f"{stranger.pid}\n")
        assert not fleet.running(INSTANCE)
        fleet.terminate(INSTANCE)
        assert stranger.poll() is None
        stranger.kill()
    assert not folder.exists()
