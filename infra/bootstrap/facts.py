"""What must be known of a host: each fact is a command and a pure parser of what it prints."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from packaging.utils import canonicalize_name

from infra.bootstrap import superblock
from infra.bootstrap.superblock import Superblock

T = TypeVar("T")


@dataclass(frozen=True)
class Disk:
    """A whole disk: its device, its serial number, its bytes, and where it or what is on it is mounted."""

    path: str
    serial: str
    size: int
    mounted_at: tuple[str, ...] = ()


@dataclass(frozen=True)
class Filesystem:
    """What the data disk itself says it holds; ``kind`` is blkid's word, ``uuid`` may be empty."""

    kind: str
    uuid: str


@dataclass(frozen=True)
class Mount:
    """What is mounted at the data root."""

    source: str
    fs_type: str
    uuid: str


@dataclass(frozen=True)
class Content:
    """What lies on the data volume: the first names there, and the marker's text, empty where there is none."""

    names: tuple[str, ...]
    marker: str


@dataclass(frozen=True)
class Placed:
    """A file or folder of the host; ``owner`` is a number, ``sha256`` is empty for a folder."""

    mode: str
    owner: int
    sha256: str


@dataclass(frozen=True)
class Python:
    """The interpreter that the agent will run on."""

    executable: str
    version: tuple[int, int, int]
    machine: str
    glibc: tuple[int, int]

    @property
    def minor(self) -> str:
        """The version as folders are named: 3.11."""
        return f"{self.version[0]}.{self.version[1]}"


@dataclass(frozen=True)
class Facts:
    """Everything that a plan is made of; ``covered`` is how many bytes of its disk the mounted filesystem uses."""

    address: str
    disks: tuple[Disk, ...]
    filesystem: Filesystem | None
    superblock: Superblock | None
    mount: Mount | None
    content: Content | None
    fstab: str
    placed: Mapping[str, Placed]
    accounts: Mapping[str, int]
    python: Python | None
    image: Mapping[str, Mapping[str, str]]
    weights: bool
    covered: int = 0

    def has(self, path: str, content: str, mode: int) -> bool:
        """Whether a file of root's is there with this content and mode."""
        sha256 = hashlib.sha256(content.encode()).hexdigest()
        return self.placed.get(path) == Placed(f"{mode:o}", 0, sha256)


@dataclass(frozen=True)
class Fact(Generic[T]):
    """A command for the host's shell, and what its exit code and output mean."""

    command: str
    parse: Callable[[int, str], T]


def disks(_code: int, out: str) -> tuple[Disk, ...]:
    """From ``lsblk -J -b -o PATH,SERIAL,SIZE,TYPE,MOUNTPOINTS``."""
    return tuple(
        Disk(one["path"], one["serial"] or "", one["size"], tuple(_mounted_at(one)))
        for one in json.loads(out)["blockdevices"]
        if one["type"] in ("disk", "loop")
    )


def _mounted_at(device: Mapping[str, Any]) -> Iterator[str]:
    yield from filter(None, device.get("mountpoints") or ())
    for below in device.get("children") or ():
        yield from _mounted_at(below)


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


SEPARATOR = "-- marker --"


def content(code: int, out: str) -> Content | None:
    """From LOOK: names, a separator, the marker."""
    if code or SEPARATOR not in out:
        return None
    names, _, marker = out.partition(f"{SEPARATOR}\n")
    return Content(tuple(names.splitlines()), marker)


def placed(_code: int, out: str) -> dict[str, Placed]:
    """From STAT: path, mode, owner and digest, a line each; what is not there has no line."""
    lines = (line.split("\t") for line in out.splitlines())
    return {path: Placed(mode, int(owner), sha256) for path, mode, owner, sha256 in lines}


def accounts(_code: int, out: str) -> dict[str, int]:
    """From ``getent passwd``."""
    return {fields[0]: int(fields[2]) for line in out.splitlines() if len(fields := line.split(":")) > 2}


def python(code: int, out: str) -> Python | None:
    """From PYTHON."""
    if code:
        return None
    found = json.loads(out)
    major, minor = (int(one) for one in re.findall(r"\d+", found["glibc"])[:2])
    return Python(found["executable"], tuple(found["version"]), found["machine"], (major, minor))


def image(_code: int, out: str) -> dict[str, dict[str, str]]:
    """From a listing of ``…/NAME-VERSION.dist-info``: by folder, the normalized names and the versions."""
    found: dict[str, dict[str, str]] = {}
    for line in out.splitlines():
        folder, _, entry = line.rpartition("/")
        name, _, version = entry.removesuffix(".dist-info").rpartition("-")
        found.setdefault(folder, {})[canonicalize_name(name)] = version
    return found


def succeeded(code: int, _out: str) -> bool:
    """Whether the command did."""
    return code == 0


DEVICE = "lsblk -dnro PATH,SERIAL | awk -v serial=\"$SERIAL\" '$2 == serial { print $1 }'"
"""The data disk by its serial number, and by nothing else: device names change from boot to boot."""

LOOK = f"""
look() {{ find "$1" -mindepth 1 -maxdepth 2 -printf '%P\\n' | head -n 50; echo '{SEPARATOR}'
          cat "$1/.zagent/volume.json" 2>/dev/null; true; }}
if mountpoint -q "$ROOT"; then look "$ROOT"; exit; fi
[ -n "$DEVICE" ] || exit 1
folder=$(mktemp -d) || exit 1
mount -t xfs -o ro,norecovery,nouuid,nosuid,nodev,noexec "$DEVICE" "$folder" 2>/dev/null && {{
    look "$folder"; umount "$folder"; }}
rmdir "$folder"
"""
"""An unmounted volume is looked at so that not even its journal is replayed."""

STAT = """
for path in $PATHS; do
    [ -e "$path" ] || continue
    sum=; [ -d "$path" ] || sum=$(sha256sum "$path" | cut -d' ' -f1)
    printf '%s\\t%s\\t%s\\n' "$path" "$(stat -c '%a\t%u' "$path")" "$sum"
done
"""

PICK_PYTHON = "python=/opt/pytorch/bin/python3; [ -x $python ] || python=python3"
"""The interpreter of the image's PyTorch, where it has one of its own, else the system's."""

PYTHON = f"""
{PICK_PYTHON}; exec $python -I -c '
import json, os, sys
print(json.dumps({{"executable": os.path.realpath(sys.executable), "version": sys.version_info[:3],
                  "machine": os.uname().machine, "glibc": os.confstr("CS_GNU_LIBC_VERSION")}}))'
"""

IMAGE_PACKAGES = "/opt/pytorch/lib/python{minor}/site-packages"
"""Where AWS's PyTorch images keep PyTorch and what they bring with it."""

WEIGHTS = f"""
{PICK_PYTHON}; $python -I -c '
import sys; sys.path.insert(0, sys.argv[1])
from pathlib import Path
from zagent.settings import load
from zagent.weights.model import Model
from zagent.weights.store import Store
Store(load(Path(sys.argv[2]), {{}}, agent_env=Path("/nowhere"))).present(Model())' "$AGENT" "$ROOT"
"""

FACTS: dict[str, Fact[Any]] = {
    "disks": Fact("lsblk -J -b -o PATH,SERIAL,SIZE,TYPE,MOUNTPOINTS", disks),
    "filesystem": Fact('blkid -p -o export "$DEVICE"', filesystem),
    "superblock": Fact('od -An -v -tx1 -N 512 "$DEVICE"', sector),
    "mount": Fact('findmnt -J -o SOURCE,FSTYPE,UUID --mountpoint "$ROOT"', mount),
    "content": Fact(LOOK, content),
    "fstab": Fact("cat /etc/fstab", lambda _code, out: out),
    "placed": Fact(STAT, placed),
    "accounts": Fact("getent passwd", accounts),
    "python": Fact(PYTHON, python),
    "image": Fact(f"ls -d {IMAGE_PACKAGES.format(minor='3.*')}/*.dist-info", image),
    "weights": Fact(WEIGHTS, succeeded),
    "covered": Fact('xfs_info "$ROOT"', covered),
}
