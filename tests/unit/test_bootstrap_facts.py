"""Each fact's parser, on what the real command printed, and what must never be taken for blank."""

from __future__ import annotations

import json

import pytest
from zagent.volume.users import Account

from infra.bootstrap.facts import model, parsers
from infra.bootstrap.facts.model import Bare, Disk, Filesystem, Placed
from infra.bootstrap.superblock import Superblock, parse
from infra.errors import CommandFailed, HostError, HostUnsuitable

UUID = "11111111-2222-4333-8444-555555555555"


def test_disks_with_what_is_mounted_anywhere_below_them() -> None:
    """A partition's mount counts as its disk's; partitions themselves are no disks."""
    printed = {
        "blockdevices": [
            {
                "path": "/dev/nvme0n1",
                "serial": "vol0a",
                "size": 10,
                "type": "disk",
                "mountpoints": [None],
                "children": [
                    {"path": "/dev/nvme0n1p1", "serial": None, "size": 9, "type": "part", "mountpoints": ["/"]}
                ],
            },
            {"path": "/dev/sr0", "serial": "cd", "size": 1, "type": "rom", "mountpoints": [None]},
            {"path": "/dev/nvme1n1", "serial": None, "size": 5, "type": "disk", "mountpoints": [None]},
        ]
    }
    found = parsers.disks(0, json.dumps(printed))
    assert found == (Disk("/dev/nvme0n1", "vol0a", 10, ("/",)), Disk("/dev/nvme1n1", "", 5))


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [(1, HostUnsuitable, r"util-linux 2\.37"), (parsers.TIMED_OUT, CommandFailed, "lsblk does not end")],
    ids=["a column it does not know", "hung"],
)
def test_an_lsblk_that_tells_nothing_is_told(code: int, error: type[HostError], words: str) -> None:
    """In words, not as text that is no JSON."""
    with pytest.raises(error, match=words):
        parsers.disks(code, "")


@pytest.mark.parametrize(
    ("code", "out", "found"),
    [
        (0, f"DEVNAME=/dev/x\nUUID={UUID}\nTYPE=xfs\n", Filesystem("xfs", UUID)),
        (0, "DEVNAME=/dev/x\nPTUUID=0a\nPTTYPE=gpt\n", Filesystem("gpt", "")),
        (0, "", Filesystem("unknown", "")),
        (8, "", Filesystem("more than one thing", "")),
        (2, "", None),
    ],
    ids=["xfs", "partitions", "nothing told", "contradiction", "nothing found"],
)
def test_what_blkid_says(code: int, out: str, found: Filesystem | None) -> None:
    """Only its exit code 2 means that nothing was found, and that is never enough to format."""
    assert parsers.filesystem(code, out) == found


def test_what_a_filesystem_covers() -> None:
    """Blocks of data, not those of the log; nothing where no XFS is mounted."""
    printed = (
        "meta-data=/dev/nvme1n1 isize=512    agcount=4, agsize=25600 blks\n"
        "data     =                       bsize=4096   blocks=102400, imaxpct=25\n"
        "log      =internal log           bsize=4096   blocks=16384, version=2\n"
    )
    assert parsers.covered(0, printed) == 4096 * 102400
    assert parsers.covered(1, "xfs_info: /data: not a mounted XFS filesystem") == 0


def test_the_filesystems_of_all_devices() -> None:
    """Those that have none are left out."""
    assert parsers.uuids(0, f"/dev/nvme0n1 \n/dev/nvme0n1p1 0A1B-2C3D\n/dev/nvme1n1 {UUID}\n") == {
        "/dev/nvme0n1p1": "0A1B-2C3D",
        "/dev/nvme1n1": UUID,
    }


def test_the_version_of_mkfs() -> None:
    """Its first two numbers decide which features it knows."""
    assert parsers.mkfs(0, "mkfs.xfs version 6.6.0\n") == (6, 6)
    assert parsers.mkfs(127, "") is None


@pytest.mark.parametrize(
    ("code", "out", "found"),
    [
        (0, "directory\n----i---------e-------\n", Bare("directory", (), True)),
        (0, "directory\n--------------e-------\nphotos\na b\n", Bare("directory", ("photos", "a b"), False)),
        (0, "symbolic link\n\n", Bare("symbolic link", (), None)),
        (1, "", None),
    ],
    ids=["guarded", "with files", "a link", "none"],
)
def test_the_mount_point_itself(code: int, out: str, found: Bare | None) -> None:
    """Only an ``i`` means that nothing can be written there; no attributes at all mean that it can't be told."""
    assert parsers.bare(code, out) == found


def test_nothing_is_mounted_where_findmnt_fails() -> None:
    """Else the last mount counts: it hides those below."""
    below = {"source": "/dev/a", "fstype": "ext4", "uuid": None}
    over = {"source": "/dev/b", "fstype": "xfs", "uuid": UUID}
    assert parsers.mount(1, "") is None
    assert parsers.mount(0, json.dumps({"filesystems": [below, over]})) == model.Mount("/dev/b", "xfs", UUID)


def test_content_is_names_and_the_marker() -> None:
    """A volume that could not be looked at is not an empty one."""
    assert parsers.content(0, ".zagent\n-- marker --\n{}") == model.Content((".zagent",), "{}")
    assert parsers.content(0, "-- marker --\n") == model.Content((), "")
    assert parsers.content(1, "") is None
    assert parsers.content(0, "") is None


def test_files_and_folders_of_the_host() -> None:
    """Mode, owner and digest by path; a folder has no digest."""
    out = "\0".join(("644\t0\t/etc/fstab", "755\t0\t/data/users", "-- marker --", "abc  /etc/fstab", ""))
    assert parsers.placed(1, out) == {"/etc/fstab": Placed("644", 0, "abc"), "/data/users": Placed("755", 0, "")}


def test_accounts_by_name() -> None:
    """Names and numbers."""
    assert parsers.accounts(0, "root:x:0:0::/root:/bin/sh\nubuntu:x:1000:1000::/home:/bin/sh\n") == {
        "root": Account(0, 0),
        "ubuntu": Account(1000, 1000),
    }
    assert parsers.groups(0, "root:x:0:\ndocker:x:998:ubuntu\n") == {"root": 0, "docker": 998}


def test_whose_folders_there_are() -> None:
    """By the folder's name, which may hold anything but a slash."""
    assert parsers.homes(0, "1000\t1001\tubuntu\n0\t0\tan odd one\n") == {
        "ubuntu": Account(1000, 1001),
        "an odd one": Account(0, 0),
    }
    assert parsers.homes(1, "") == {}


def test_python_and_what_its_wheels_need() -> None:
    """The interpreter's version, machine and glibc."""
    printed = {"executable": "/usr/bin/python3.11", "version": [3, 11, 2], "machine": "x86_64", "glibc": "glibc 2.36"}
    found = parsers.python(0, json.dumps(printed))
    assert found == model.Python("/usr/bin/python3.11", (3, 11, 2), "x86_64", (2, 36))
    assert parsers.python(1, "") is None


def test_the_packages_of_an_image_by_folder() -> None:
    """Names are normalized, a local version stays."""
    out = "/opt/p/torch-2.13.0+cu130.dist-info\n/opt/p/typing_extensions-4.16.0.dist-info\n"
    assert parsers.image(0, out) == {"/opt/p": {"torch": "2.13.0+cu130", "typing-extensions": "4.16.0"}}


def sector(magic: bytes = b"XFSB", in_progress: int = 0) -> bytes:
    """The first sector of an XFS filesystem with UUID."""
    made = bytearray(512)
    made[:4] = magic
    made[32:48] = bytes.fromhex(UUID.replace("-", ""))
    made[126] = in_progress
    return bytes(made)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (sector(), Superblock(UUID, in_progress=False, wiped=False)),
        (sector(in_progress=1), Superblock(UUID, in_progress=True, wiped=False)),
        (sector(magic=bytes(4), in_progress=1), Superblock(UUID, in_progress=True, wiped=True)),
        (sector(magic=b"ABCD"), None),
        (sector(in_progress=7), None),
        (bytes(512), None),
        (b"XFSB", None),
    ],
    ids=["whole", "half made", "magic taken back", "another magic", "no flag", "blank", "cut short"],
)
def test_a_superblock(given: bytes, found: Superblock | None) -> None:
    """Whole, half made, or none."""
    assert parse(given) == found


def test_half_made_needs_the_flag_and_the_uuid() -> None:
    """Either alone may be a stranger's."""
    assert Superblock(UUID, in_progress=True, wiped=False).is_half_made(UUID)
    assert not Superblock(UUID, in_progress=False, wiped=False).is_half_made(UUID)
    assert not Superblock(UUID, in_progress=True, wiped=False).is_half_made("another")


@pytest.mark.parametrize(
    ("file", "need", "is_unread"),
    [
        ("/run/systemd/generator/data.mount", "no", False),
        ("/run/systemd/generator/data.mount", "yes", True),
        ("", "no", True),
    ],
    ids=["read", "changed since", "not in fstab at the last reload"],
)
def test_what_systemd_has_not_read(file: str, need: str, is_unread: bool) -> None:
    """One unit says nothing of the other. For a mount that is in the kernel's table alone, systemd needs no reload."""
    other = "Id=zagent-runtime.service\nFragmentPath=/etc/systemd/system/zagent-runtime.service\nNeedDaemonReload=no\n"
    out = f"Id=data.mount\nFragmentPath={file}\nNeedDaemonReload={need}\n\n{other}"
    assert parsers.unread(0, out) == frozenset(["data.mount"] * is_unread)
    assert parsers.unread(1, "") == frozenset()


def test_what_processes_run_from() -> None:
    """Where they could not be looked at, nothing is known to be free."""
    assert parsers.used(0, '["0123456789abcdef"]') == frozenset({"0123456789abcdef"})
    assert parsers.used(0, "[]") == frozenset()
    assert parsers.used(parsers.TIMED_OUT, "") is None
    assert parsers.used(1, "") is None
