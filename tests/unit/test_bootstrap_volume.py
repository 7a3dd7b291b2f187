"""What brings the mount back, which features the filesystem has, and what is never run on it."""

from __future__ import annotations

import ast
import configparser
from collections.abc import Iterator
from pathlib import Path

import pytest
import zagent

import infra
from infra.bootstrap.features import OLDEST, OPTIONS, Version, profile
from infra.bootstrap.mounting import fstab, fstab_line, rivals, udev_rule

PACKAGES = (Path(zagent.__file__).parent, Path(infra.__file__ or "").parent)


def test_fstab_keeps_every_other_line() -> None:
    """Our two lines come and change; a person's stay, also behind ours."""
    before = "UUID=root / ext4 defaults 0 1\n"
    first = fstab(before, fstab_line("xfs", "one"))
    assert first.startswith(before)
    edited = first + "tmpfs /scratch tmpfs defaults 0 0\n"
    assert fstab(edited, fstab_line("xfs", "one")) == edited
    second = fstab(edited, fstab_line("xfs", "two"))
    assert "UUID=one" not in second
    assert second.count(" /data ") == 1
    assert "tmpfs /scratch" in second


def test_a_boot_mounts_by_uuid_and_goes_on_without() -> None:
    """Nothing on the volume gains rights; a boot waits for the disk for a while only, and SSH comes up all the same."""
    source, target, kind, options, dump, check = fstab_line("xfs", "one").split()
    assert (source, target, kind, dump, check) == ("UUID=one", "/data", "xfs", "0", "0")
    assert set(options.split(",")) == {"noatime", "nosuid", "nodev", "nofail", "x-systemd.device-timeout=30s"}


def test_a_disk_that_comes_later_is_told_by_its_serial_number() -> None:
    """Udev's word for it, and no device name."""
    (rule,) = [line for line in udev_rule("vol0123").splitlines() if not line.startswith("#")]
    assert 'ENV{ID_SERIAL_SHORT}=="vol0123"' in rule
    assert "KERNEL" not in rule


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("/dev/sdz /data ext4 defaults 0 0", True),
        ("  LABEL=x   /data/ ext4 defaults 0 0", True),
        ("# /dev/sdz /data ext4 defaults 0 0", False),
        ("/dev/sdz /data2 ext4 defaults 0 0", False),
        ("/dev/sdz", False),
        ("", False),
    ],
)
def test_another_line_for_the_mount_point(line: str, is_one: bool) -> None:
    """However it is written; our own is none, nor is a remark."""
    table = fstab(f"UUID=root / ext4 defaults 0 1\n{line}\n", fstab_line("xfs", "one"))
    assert rivals(table, "/data") == [line] * is_one


@pytest.mark.parametrize("mkfs", [OLDEST, (6, 1), (6, 6), (6, 18), (7, 0)])
def test_each_version_of_mkfs_gets_what_it_knows(mkfs: Version) -> None:
    """A feature that it does not know yet would be an error there; one that it turns on by itself is turned off."""
    read = configparser.ConfigParser()
    read.read_string(profile(mkfs))
    told = {(section, f"{name}={value}") for section in read.sections() for name, value in read[section].items()}
    assert told == {(section, option) for section, option, since in OPTIONS if since <= mkfs}
    assert ("metadata", "bigtime=1") in told
    assert (("inode", "nrext64=0") in told) == (mkfs >= (6, 0))
    assert (("naming", "parent=0") in told) == (mkfs >= (6, 13))


def test_no_code_repairs_a_filesystem() -> None:
    """The word is only ever told to people: no string is or begins with the command, no script has a line of it."""
    assert not [where for where, text in strings() if _runs_repair(text)]
    assert _runs_repair("xfs_repair")
    assert _runs_repair('set -e\nxfs_repair -L "$1"')
    assert _runs_repair("umount /data; xfs_repair /dev/sdz")


def _runs_repair(text: str) -> bool:
    commands = [one.strip() for line in text.splitlines() for one in line.replace("&&", ";").split(";")]
    return any(one.split(maxsplit=1)[:1] in (["xfs_repair"], ["fsck.xfs"]) for one in commands)


def strings() -> Iterator[tuple[str, str]]:
    """Every string of the agent and the bootstrap, and the module it stands in."""
    for folder in PACKAGES:
        for path in sorted(folder.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield path.name, node.value
