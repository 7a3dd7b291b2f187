"""What the commands print, understood: exit code and output in, a fact out. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from packaging.utils import canonicalize_name
from zagent.schedule import systemctl
from zagent.volume.users import Account

from infra.bootstrap import superblock
from infra.bootstrap.facts.model import Bare, Checked, Content, Disk, Filesystem, Gpu, Mount, Placed, Python
from infra.bootstrap.superblock import Superblock
from infra.errors import CommandFailed, HostUnsuitable

TIMED_OUT = 124
"""The exit code that stands for a command that took too long (files/gather.py)."""

NEWER_IMAGE = "take an image of Ubuntu 22.04 or newer: `pulumi destroy`, set amiId, `pulumi up`"


def disks(code: int, out: str) -> tuple[Disk, ...]:
    """From ``lsblk -J -b -o PATH,SERIAL,SIZE,TYPE,MOUNTPOINTS``.

    Raises:
        CommandFailed: it did not end.
        HostUnsuitable: it prints nothing, as one that does not know all of these columns.
    """
    if code == TIMED_OUT:
        raise CommandFailed(address="the host", what="tell its disks", why="lsblk does not end")
    if not out.strip():
        why = "its lsblk does not tell where disks are mounted, as that of util-linux 2.37 or newer does"
        raise HostUnsuitable(address="the host", why=why, hint=NEWER_IMAGE)
    return tuple(
        Disk(one["path"], one["serial"] or "", one["size"], tuple(_mounted_at(one)))
        for one in json.loads(out)["blockdevices"]
        if one["type"] in ("disk", "loop")
    )


def _mounted_at(device: Mapping[str, Any]) -> Iterator[str]:
    yield from filter(None, device.get("mountpoints") or ())
    for below in device.get("children") or ():
        yield from _mounted_at(below)


def uuids(_code: int, out: str) -> dict[str, str]:
    """From UUIDS: the devices, and the uuid of the filesystem on each that has one."""
    return {words[0]: words[1] for line in out.splitlines() if len(words := line.split()) == 2}


def filesystem(code: int, out: str) -> Filesystem | None:
    """From ``blkid -p -o export``; anything it finds is reported, a partition table as well."""
    found = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
    if code == 0:
        return Filesystem(found.get("TYPE") or found.get("PTTYPE") or "unknown", found.get("UUID", ""))
    return Filesystem("more than one thing", "") if code == AMBIVALENT else None


AMBIVALENT = 8
"""blkid's exit code when several signatures contradict each other (blkid(8))."""


def sector(_code: int, out: str) -> Superblock | None:
    """From ``od`` of the first sector."""
    return superblock.parse(bytes.fromhex("".join(out.split())))


def mount(code: int, out: str) -> Mount | None:
    """From ``findmnt -J``; findmnt fails where nothing is mounted."""
    if code:
        return None
    found = json.loads(out)["filesystems"][-1]
    return Mount(found["source"], found["fstype"], found["uuid"] or "")


def covered(_code: int, out: str) -> int:
    """From ``xfs_info``: blocks of data times their size; 0 where no XFS is mounted."""
    found = re.search(r"^data\s*=\s*bsize=(\d+)\s+blocks=(\d+)", out, re.MULTILINE)
    return int(found[1]) * int(found[2]) if found else 0


def mkfs(_code: int, out: str) -> tuple[int, int] | None:
    """From ``mkfs.xfs -V``; None where there is none."""
    found = re.search(r"version (\d+)\.(\d+)", out)
    return (int(found[1]), int(found[2])) if found else None


def bare(code: int, out: str) -> Bare | None:
    """From BARE: what it is, its attributes as lsattr has them (nothing where there are none), the names in it."""
    if code or not out:
        return None
    kind, attributes, *names = out.splitlines()
    return Bare(kind, tuple(names), "i" in attributes if attributes else None)


SEPARATOR = "-- marker --"


def content(code: int, out: str) -> Content | None:
    """From LOOK: names, a separator, the marker."""
    if code or SEPARATOR not in out:
        return None
    names, _, marker = out.partition(f"{SEPARATOR}\n")
    return Content(tuple(names.splitlines()), marker)


def placed(_code: int, out: str) -> dict[str, Placed]:
    """From STAT: mode, owner and path of whatever is there, then the files' digests, as sha256sum has them."""
    there, _, digests = out.partition(f"{SEPARATOR}\0")
    sha256 = {path: digest for digest, _, path in (one.partition("  ") for one in _entries(digests))}
    found = (one.split("\t", 2) for one in _entries(there))
    return {path: Placed(mode, int(owner), sha256.get(path, "")) for mode, owner, path in found}


def _entries(out: str) -> list[str]:
    return [one for one in out.split("\0") if one]


def accounts(_code: int, out: str) -> dict[str, Account]:
    """From ``getent passwd``."""
    return {one[0]: Account(int(one[2]), int(one[3])) for line in out.splitlines() if len(one := line.split(":")) > 3}


def groups(_code: int, out: str) -> dict[str, int]:
    """From ``getent group``."""
    return {one[0]: int(one[2]) for line in out.splitlines() if len(one := line.split(":")) > 2}


def homes(_code: int, out: str) -> dict[str, Account]:
    """From ``stat``: name, owner and group of each folder, a line each, apart by tabs."""
    lines = (line.split("\t") for line in out.splitlines())
    return {name: Account(int(uid), int(gid)) for uid, gid, name in lines}


def python(code: int, out: str) -> Python | None:
    """From ANSWERS."""
    if code:
        return None
    found = json.loads(out)
    major, minor = (int(one) for one in re.findall(r"\d+", found["glibc"])[:2])
    return Python(found["executable"], tuple(found["version"]), found["machine"], (major, minor))


def weights(code: int, out: str) -> bool:
    """From ANSWERS: whether the model is whole."""
    return code == 0 and json.loads(out)["weights"] is True


def schedule(code: int, out: str) -> bool:
    """From ANSWERS: whether the timers are as they should be."""
    return code == 0 and json.loads(out)["schedule"] is True


def image(_code: int, out: str) -> dict[str, dict[str, str]]:
    """From a listing of ``…/NAME-VERSION.dist-info``: by folder, the normalized names and the versions."""
    found: dict[str, dict[str, str]] = {}
    for line in out.splitlines():
        folder, _, entry = line.rpartition("/")
        name, _, version = entry.removesuffix(".dist-info").rpartition("-")
        found.setdefault(folder, {})[canonicalize_name(name)] = version
    return found


READ_WITHIN = 30
"""Minutes for all that the packages on the volume hold."""

TOO_SLOW = f"not read within {READ_WITHIN} minutes"


def checked(code: int, out: str) -> Checked | None:
    """From CHECK; it prints nothing where there is no list."""
    if code == TIMED_OUT:
        return Checked("", (TOO_SLOW,))
    if not out:
        return None
    found = json.loads(out)
    return Checked(found["folder"], tuple(found["differing"]))


def used(code: int, out: str) -> frozenset[str] | None:
    """From USED."""
    return None if code else frozenset(json.loads(out))


def gpus(code: int, out: str) -> tuple[Gpu, ...]:
    """From GPUS; nvidia-smi fails, or is not there, where no GPU answers."""
    found = re.findall(r"^(\d+[\d.]*), (\d+)\.(\d+), (.*)$", "" if code else out, re.MULTILINE)
    return tuple(Gpu(name, driver, (int(major), int(minor))) for driver, major, minor, name in found)


def unread(_code: int, out: str) -> frozenset[str]:
    """From UNREAD, which tells nothing where there is no systemd.

    A mount whose line in fstab is newer than the last reload has no file: systemd knows it from the kernel's table, if
    at all.
    """
    told = systemctl.parse(out).items()
    return frozenset(name for name, one in told if one["NeedDaemonReload"] == "yes" or not one["FragmentPath"])


def text(_code: int, out: str) -> str:
    """All of it; empty where there is no such file."""
    return out


def succeeded(code: int, _out: str) -> bool:
    """Whether the command did."""
    return code == 0
