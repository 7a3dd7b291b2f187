"""The disks below a mount, from trees as /sys shows them."""

from __future__ import annotations

from pathlib import Path

import pytest
from zagent.volume import disk
from zagent.volume.disk import Disk, disks
from zagent.volume.mounts import Mount


class Sys:
    """Builds a tree like /sys below a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.by_number = root / "dev" / "block"
        self.by_number.mkdir(parents=True)

    def block(self, name: str, number: str, *, of: Path | None = None, sectors: int = 8) -> Path:
        """A block device; a partition of another where ``of`` is given."""
        folder = (of or self.root / "devices") / name
        folder.mkdir(parents=True)
        (folder / "dev").write_text(f"{number}\n")
        (folder / "size").write_text(f"{sectors}\n")
        if of:
            (folder / "partition").write_text("1\n")
        (self.by_number / number).symlink_to(folder)
        return folder

    def over(self, upper: Path, *lower: Path) -> None:
        """Let ``upper`` be made of ``lower``, as a logical volume or an array is."""
        (upper / "slaves").mkdir()
        for one in lower:
            (upper / "slaves" / one.name).symlink_to(one)


@pytest.fixture
def sys(tmp_path: Path) -> Sys:
    """An empty tree."""
    return Sys(tmp_path / "sys")


def nvme(sys: Sys, name: str, number: str, serial: str) -> Path:
    """An NVMe disk: its serial number is its controller's, padded with spaces as EBS does."""
    folder = sys.block(name, number, sectors=2048)
    controller = sys.root / "controllers" / name
    controller.mkdir(parents=True)
    (controller / "serial").write_text(f"{serial}       \n")
    (folder / "device").symlink_to(controller)
    return folder


def test_an_nvme_disk_has_its_controllers_serial(sys: Sys) -> None:
    """On EBS that is the volume id."""
    nvme(sys, "nvme1n1", "259:1", "vol0123abc")
    assert disks("259:1", sys.by_number) == [Disk("nvme1n1", 2048 * 512, "vol0123abc", None)]


def test_a_partition_is_its_disk(sys: Sys) -> None:
    """So that two partitions of one disk are known to be lost together."""
    whole = nvme(sys, "nvme0n1", "259:0", "vol0sys")
    sys.block("nvme0n1p1", "259:2", of=whole)
    sys.block("nvme0n1p2", "259:3", of=whole)
    assert disks("259:2", sys.by_number) == disks("259:3", sys.by_number) == disks("259:0", sys.by_number)


def test_a_logical_volume_is_all_its_disks(sys: Sys) -> None:
    """One member a partition, one an array of two disks."""
    first = nvme(sys, "nvme1n1", "259:1", "vol0a")
    part = sys.block("nvme1n1p1", "259:5", of=first)
    array = sys.block("md0", "9:0")
    sys.over(array, nvme(sys, "nvme2n1", "259:2", "vol0b"), nvme(sys, "nvme3n1", "259:3", "vol0c"))
    volume = sys.block("dm-0", "253:0")
    sys.over(volume, part, array)
    assert [one.serial for one in disks("253:0", sys.by_number)] == ["vol0b", "vol0c", "vol0a"]


def test_an_empty_folder_of_members_is_a_disk(sys: Sys) -> None:
    """Every plain disk has such a folder."""
    (nvme(sys, "nvme1n1", "259:1", "vol0a") / "slaves").mkdir()
    assert [one.name for one in disks("259:1", sys.by_number)] == ["nvme1n1"]


def test_a_virtio_disk_has_a_serial_of_its_own(sys: Sys) -> None:
    """It stands beside the size."""
    (sys.block("vda", "254:0") / "serial").write_text("disk-7")
    assert disks("254:0", sys.by_number)[0].serial == "disk-7"


def test_a_scsi_disks_serial_is_in_its_page_80(sys: Sys) -> None:
    """A page in bytes: head, length, text with blanks."""
    device = sys.block("sda", "8:0") / "device"
    device.mkdir()
    (device / "vpd_pg80").write_bytes(b"\x00\x80\x00\x0a  S3Z8NB0K\xff\xff")
    assert disks("8:0", sys.by_number)[0].serial == "S3Z8NB0K"


def test_a_loop_device_tells_its_file(sys: Sys) -> None:
    """It has no serial number."""
    folder = sys.block("loop0", "7:0")
    (folder / "loop").mkdir()
    (folder / "loop" / "backing_file").write_text("/srv/disk.img\n")
    assert disks("7:0", sys.by_number) == [Disk("loop0", 8 * 512, None, "/srv/disk.img")]


def test_no_block_device_has_no_disk(sys: Sys) -> None:
    """As for tmpfs, whose number stands nowhere in /sys."""
    assert disks("0:52", sys.by_number) == []


def mount(device: str, source: str) -> Mount:
    """A mount of ``source``."""
    return Mount(1, Path("/data"), "/", device, "btrfs", source, frozenset())


def test_a_made_up_number_leads_to_the_source(sys: Sys, monkeypatch: pytest.MonkeyPatch) -> None:
    """Btrfs numbers its subvolumes itself: the disk is found by the name of its node."""
    nvme(sys, "nvme1n1", "259:1", "vol0a")
    monkeypatch.setattr(disk, "_node_number", {"/dev/nvme1n1": "259:1"}.get)
    assert [one.serial for one in disk.below(mount("0:45", "/dev/nvme1n1"), sys.by_number)] == ["vol0a"]


@pytest.mark.parametrize("source", ["tmpfs", "/dev/null", "/nowhere", "server:/x"])
def test_a_source_that_is_no_block_device_has_no_disk(sys: Sys, source: str) -> None:
    """Neither a word, nor a character device, nor a missing node."""
    assert disk.below(mount("0:45", source), sys.by_number) == []


def test_a_node_is_known_by_its_number() -> None:
    """A real block device of this machine, where it has one."""
    for folder in Path("/sys/class/block").glob("*"):
        node = Path("/dev") / folder.name
        if node.is_block_device():
            assert disk._node_number(str(node)) == (folder / "dev").read_text().strip()
            return
    pytest.skip("this machine shows no block device")


def test_a_missing_path_has_no_uuid_but_an_error(tmp_path: Path) -> None:
    """Asking is no write: nothing is made."""
    with pytest.raises(FileNotFoundError):
        disk.filesystem_uuid(tmp_path / "nothing")
