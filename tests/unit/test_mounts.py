"""The parser of mountinfo, and the mount that a path lies on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from zagent.volume import mounts

TEXT = r"""
22 1 259:1 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p1 rw,discard
90 22 259:3 / /data rw,nosuid,nodev,noatime - xfs /dev/nvme1n1 rw,attr2
91 22 0:52 /@home /srv/my\040data\011x\134y rw shared:7 master:3 propagate_from:2 - btrfs /dev/nvme2n1 rw
92 90 0:60 / /data rw - tmpfs tmpfs ro,size=4k
93 22 0:61 / /mnt/nfs rw - nfs4 server:/exports/a\040b rw
a line that is none
"""


def test_every_field_is_read() -> None:
    """Also with no optional field, or with several."""
    data = mounts.parse(TEXT)[1]
    options = frozenset({"rw", "nosuid", "nodev", "noatime", "attr2"})
    assert data == mounts.Mount(90, Path("/data"), "/", "259:3", "xfs", "/dev/nvme1n1", options)
    assert [one.fs_type for one in mounts.parse(TEXT)] == ["ext4", "xfs", "btrfs", "tmpfs", "nfs4"]


def test_escapes_are_undone() -> None:
    """Space, tab and backslash in a path, a space in a source."""
    found = mounts.parse(TEXT)
    assert found[2].path == Path("/srv/my data\tx\\y")
    assert found[4].source == "server:/exports/a b"


def test_a_subvolume_or_bind_mount_tells_its_folder() -> None:
    """The fourth field is the folder of the filesystem that is mounted."""
    assert [one.root for one in mounts.parse(TEXT)] == ["/", "/", "/@home", "/", "/"]


def test_options_are_those_of_the_mount_and_of_the_filesystem() -> None:
    """Read-only below is read-only, though the mount itself says rw."""
    assert {"rw", "ro", "size=4k"} <= mounts.parse(TEXT)[3].options


@pytest.mark.parametrize(
    ("fs_type", "word"),
    [("tmpfs", "memory"), ("ramfs", "memory"), ("overlay", "layer"), ("nfs4", "network"), ("fuse.sshfs", "network")],
)
def test_what_is_no_disk_says_why(fs_type: str, word: str) -> None:
    """Each shape has its own reason."""
    assert word in str(_of_type(fs_type).shape)


@pytest.mark.parametrize("fs_type", ["xfs", "ext4", "btrfs", "zfs"])
def test_a_disk_has_no_shape(fs_type: str) -> None:
    """Filesystems on disks are taken without a question."""
    assert _of_type(fs_type).shape is None


def _of_type(fs_type: str) -> mounts.Mount:
    return mounts.parse(f"1 0 0:1 / / rw - {fs_type} none rw")[0]


def test_the_kernel_says_which_mount_a_path_is_on(tmp_path: Path) -> None:
    """Its device is that of the path, and /proc is a mount of its own."""
    mount, proc = mounts.of(tmp_path), mounts.of(Path("/proc"))
    assert mount is not None
    assert mount.path in (tmp_path, *tmp_path.parents)
    assert proc is not None
    assert (proc.path, proc.fs_type) == (Path("/proc"), "proc")


def test_of_two_mounts_at_one_path_the_kernels_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the longest path, nor the last line: the number that the kernel gives."""
    mount = mounts.of(tmp_path)
    assert mount is not None
    decoys = mounts.parse(f"999998 1 0:1 / {tmp_path} rw - tmpfs tmpfs rw\n999999 1 0:2 / {tmp_path} rw - nfs4 x rw")
    monkeypatch.setattr(mounts, "current", lambda: [decoys[0], mount, decoys[1]])
    assert mounts.of(tmp_path) == mount
    monkeypatch.setattr(mounts, "current", lambda: decoys)
    assert mounts.of(tmp_path) is None


def test_a_name_that_is_no_utf8_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A foreign byte in any mount's path must not break every command."""
    line = b"1 0 0:1 / /mnt/\xff rw - ext4 /dev/sda rw\n"
    monkeypatch.setattr(Path, "read_bytes", lambda path: line)
    assert os.fsencode(mounts.current()[0].path) == b"/mnt/\xff"
