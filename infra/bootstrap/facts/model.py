"""Everything that must be known of a host. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from zagent.volume.users import Account

from infra.bootstrap.superblock import Superblock


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
class Bare:
    """The mount point itself, below whatever is mounted there; ``kind`` is stat's word for it.

    ``names`` are the first ones that lie in it; ``immutable`` is None where its filesystem knows no such thing.
    """

    kind: str
    names: tuple[str, ...]
    immutable: bool | None


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
class Checked:
    """What the host says of the packages on its volume: whose list it has, and the first of what differs from it."""

    folder: str
    differing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Gpu:
    """A GPU that answers, its driver's version, and its compute capability."""

    name: str
    driver: str
    capability: tuple[int, int]

    @property
    def branch(self) -> int:
        """The first number of the driver's version: 580."""
        return int(self.driver.partition(".")[0])


@dataclass(frozen=True)
class Facts:
    """Everything that a plan is made of; ``covered`` is how many bytes of its disk the mounted filesystem uses.

    ``homes`` are the owners of the folders of people on the volume, ``users`` is the text of its list of users,
    ``destinations`` that of its list of backup destinations,
    ``environment`` that of /etc/environment; ``tools`` says that the host has those of XFS, ``mkfs`` is the version of
    mkfs.xfs, ``bare`` the mount point, each None where there is none; ``uuids`` are the filesystems of all devices;
    ``schedule`` says that the agent's timers are as they should be;
    ``checked`` is None where the host has no list of the packages; ``used`` are the keys of the agent's folders that
    processes run from, None where they could not be looked at; ``unread`` are our units whose files systemd has not
    read as they are.
    """

    address: str
    disks: tuple[Disk, ...]
    filesystem: Filesystem | None
    superblock: Superblock | None
    mount: Mount | None
    content: Content | None
    fstab: str
    placed: Mapping[str, Placed]
    accounts: Mapping[str, Account]
    python: Python | None
    image: Mapping[str, Mapping[str, str]]
    weights: bool
    covered: int = 0
    tools: bool = True
    mkfs: tuple[int, int] | None = None
    bare: Bare | None = None
    uuids: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, int] = field(default_factory=dict)
    homes: Mapping[str, Account] = field(default_factory=dict)
    users: str = ""
    destinations: str = ""
    environment: str = ""
    schedule: bool = True
    checked: Checked | None = None
    used: frozenset[str] | None = frozenset()
    gpus: tuple[Gpu, ...] = ()
    unread: frozenset[str] = frozenset()

    def has(self, path: str, content: str, mode: int) -> bool:
        """Whether a file of root's is there with this content and mode."""
        sha256 = hashlib.sha256(content.encode()).hexdigest()
        return self.placed.get(path) == Placed(f"{mode:o}", 0, sha256)
