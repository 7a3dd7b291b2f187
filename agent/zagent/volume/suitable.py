"""Is this a place for weights? Facts of a folder in, a verdict and what to do instead out; nothing is touched."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from zagent import text
from zagent.volume.disk import Disk
from zagent.volume.marker import Kind
from zagent.volume.mounts import Mount
from zagent.volume.space import Space

MINIMUM_FREE = 40 * 10**9
"""Bytes that the weights (32.88 GB), a lock, images and a reserve need."""


@dataclass(frozen=True)
class Facts:
    """What was found at a path that is to become a data root; ``system`` holds the names of the disks below ``/``."""

    path: Path
    same_filesystem_as_system: bool
    mount: Mount
    fs_uuid: str | None
    disks: tuple[Disk, ...]
    system: frozenset[str]
    space: Space
    cache_size: int

    @property
    def is_mount_point(self) -> bool:
        """Whether something is mounted right there, be it only a folder of another mount."""
        return self.path == self.mount.path

    @property
    def same_disk_as_system(self) -> bool:
        """Whether a disk below is also one below ``/``, as with two partitions."""
        return any(one.name in self.system for one in self.disks)

    @property
    def at_risk(self) -> bool:
        """Whether a system-disk reset would take it away."""
        return self.same_filesystem_as_system or self.same_disk_as_system

    @property
    def lineage(self) -> tuple[str, ...]:
        """The serial numbers of the disks below."""
        return tuple(one.serial for one in self.disks if one.serial)

    @property
    def warnings(self) -> list[str]:
        """What a person should know, though it is no reason to refuse."""
        files = [one for one in self.disks if one.backing_file]
        found = [f"{one.name} is the file {one.backing_file}: it lives and dies with that file" for one in files]
        if self.disks and not self.system and not self.same_filesystem_as_system:
            found.append("the disk below / can't be seen, as in a container: that this is another one is not proved")
        if self.is_mount_point and self.mount.root != "/":
            found.append(f"it is the folder {self.mount.root} of its disk, where `zagent volume mount` won't find it")
        return found


@dataclass(frozen=True)
class Ask:
    """What the person said: accept the system disk, accept any filesystem, which project, how much free space."""

    system_disk: bool = False
    any_filesystem: bool = False
    project: str | None = None
    stack: str | None = None
    minimum_free: int = MINIMUM_FREE


def verdict(facts: Facts, ask: Ask) -> list[str]:
    """Every reason against these facts, in words; empty when there is none. Pure."""
    reasons = []
    if facts.same_filesystem_as_system and not ask.system_disk:
        reasons.append("it lies on the system disk's own filesystem: a reset takes it away")
    elif facts.same_disk_as_system and not ask.system_disk:
        reasons.append("it is on the same disk as the system: a reset takes it away")
    if not facts.at_risk and not facts.is_mount_point:
        reasons.append(f"it is a folder inside the mount {facts.mount.path}, not a mount point")
    if facts.mount.shape and not facts.same_filesystem_as_system and not ask.any_filesystem:
        reasons.append(f"its filesystem is {facts.mount.fs_type}: {facts.mount.shape}")
    return reasons + _too_small(facts, ask)


def _too_small(facts: Facts, ask: Ask) -> list[str]:
    if facts.space.free + facts.cache_size >= ask.minimum_free:  # weights that are there need no room again
        return []
    return [f"{text.size(facts.space.free)} free, at least {text.size(ask.minimum_free)} are needed"]


def hint(facts: Facts, ask: Ask) -> str:
    """What would lead to a data root, given why this is none yet. Pure."""
    if _too_small(facts, ask):
        return "mount a data disk with more room and adopt that"
    target = facts.path if facts.at_risk else facts.mount.path
    command = f"zagent volume adopt {quote(str(target))}"
    if facts.at_risk:
        return f"mount a data disk and adopt that; {command} --system-disk   accepts the risk"
    if facts.mount.shape and not ask.any_filesystem:
        return f"mount a data disk and adopt that; {command} --any-filesystem   accepts it as it is"
    return command


def kind(facts: Facts) -> Kind:
    """What the marker will say it is. Pure."""
    if facts.at_risk:
        return "system-disk"
    return "other" if facts.mount.shape else "data-disk"
