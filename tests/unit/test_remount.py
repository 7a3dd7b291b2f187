"""Which of the attached disks is meant, and which are looked at at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from zagent.errors import MountFailed, ToolMissing
from zagent.volume import marker, mounts, remount
from zagent.volume.remount import Seen, choose, unmounted

ROOT = Path("/data")


def seen(device: str, uuid: str | None = None) -> Seen:
    """A disk with a marker of this uuid, or with none."""
    return Seen(device, "xfs", marker.new("data-disk", "xfs", uuid) if uuid else "no marker")


@pytest.mark.parametrize(
    ("disks", "wanted", "chosen"),
    [
        ([seen("/dev/a", "1")], None, "/dev/a"),
        ([seen("/dev/a"), seen("/dev/b", "1")], None, "/dev/b"),
        ([seen("/dev/a", "1"), seen("/dev/b", "2")], "2", "/dev/b"),
    ],
)
def test_the_only_one_that_fits_is_chosen(disks: list[Seen], wanted: str | None, chosen: str) -> None:
    """By its marker, and by the uuid where one is given."""
    assert choose(disks, ROOT, wanted).device == chosen


@pytest.mark.parametrize(
    ("disks", "wanted", "said"),
    [
        ([], None, "carries a marker; looked at: nothing"),
        ([seen("/dev/a")], None, "looked at: /dev/a (xfs, no marker)"),
        ([seen("/dev/a", "1")], "2", "carries the marker of 2; looked at: /dev/a (xfs, --uuid 1)"),
        ([seen("/dev/a", "1"), seen("/dev/b", "2")], None, "more than one data volume is attached"),
        ([seen("/dev/a", "1"), seen("/dev/b", "1")], None, "copies of one data volume are attached"),
        ([seen("/dev/a", "1"), seen("/dev/b", "1")], "1", "copies of one data volume are attached"),
    ],
)
def test_nothing_is_guessed(disks: list[Seen], wanted: str | None, said: str) -> None:
    """None or several: refused, with what was seen."""
    with pytest.raises(MountFailed) as raised:
        choose(disks, ROOT, wanted)
    assert said in str(raised.value)


def block(sys: Path, name: str, number: str, sectors: int = 8) -> None:
    """A block device as /sys/class/block shows it."""
    (sys / name).mkdir(parents=True)
    (sys / name / "dev").write_text(f"{number}\n")
    (sys / name / "size").write_text(f"{sectors}\n")


def test_only_what_is_mounted_nowhere_is_looked_at(tmp_path: Path) -> None:
    """By number, or by name where the filesystem makes its number up; empty loop devices are none."""
    for name, number in {"sda": "8:0", "sda1": "8:1", "sdb": "8:16", "dm-0": "253:0", "cciss!c0d0": "104:0"}.items():
        block(tmp_path, name, number)
    block(tmp_path, "loop0", "7:0", sectors=0)
    (tmp_path / "gone").mkdir()
    mounted = mounts.parse("1 0 8:1 / / rw - ext4 /dev/root rw\n2 1 0:45 /@ /srv rw - btrfs /dev/sdb rw")
    assert unmounted(mounted, tmp_path) == ["/dev/cciss/c0d0", "/dev/dm-0", "/dev/sda"]


def test_every_filesystem_that_is_looked_at_is_so_without_its_journal() -> None:
    """Read-only alone would still replay it."""
    assert all(options.split(",")[0] == "ro" for options in remount.LOOK_ONLY.values())
    skips = {"xfs": "norecovery", "ext4": "noload", "ext3": "noload", "btrfs": "rescue=nologreplay"}
    assert all(word in remount.LOOK_ONLY[name].split(",") for name, word in skips.items())


def test_what_is_no_known_filesystem_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Swap, members of arrays, encrypted disks, FAT: not even read-only."""
    types = {"/dev/a": ("swap", "1"), "/dev/b": ("LVM2_member", "2"), "/dev/c": None, "/dev/d": ("vfat", "3")}
    monkeypatch.setattr(remount, "unmounted", lambda mounted: list(types))
    monkeypatch.setattr(remount, "_blkid", types.get)
    monkeypatch.setattr(remount, "_mount", pytest.fail)
    assert remount.attached() == []


def test_a_missing_tool_names_its_package() -> None:
    """The remedy is the command that installs it."""
    with pytest.raises(ToolMissing) as raised:
        remount._run("util-linux", "no-such-tool-anywhere")
    assert "apt-get install util-linux" in raised.value.advice
