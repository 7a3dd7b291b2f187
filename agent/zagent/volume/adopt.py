"""Adopting a data root: facts, a verdict, then the marker; done once in a disk's life."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from zagent import text
from zagent.errors import ForeignVolume, UnsuitableVolume
from zagent.volume import disk, guard, marker, mounts, space
from zagent.volume.layout import Layout

MINIMUM_FREE = 40 * 10**9
"""Bytes that the weights (32.88 GB), a lock, images and a reserve need."""


@dataclass(frozen=True)
class Facts:
    """What was found at a path that is to become a data root."""

    path: Path
    is_mount_point: bool
    same_filesystem_as_system: bool
    same_disk_as_system: bool
    mount: mounts.Mount
    fs_uuid: str | None
    disks: tuple[disk.Disk, ...]
    space: space.Space
    cache_size: int

    @property
    def lineage(self) -> tuple[str, ...]:
        """The serial numbers of the disks below."""
        return tuple(one.serial for one in self.disks if one.serial)

    @property
    def warnings(self) -> list[str]:
        """What a person should know, though it is no reason to refuse."""
        files = [one for one in self.disks if one.backing_file]
        return [f"{one.name} is the file {one.backing_file}: it lives and dies with that file" for one in files]


@dataclass(frozen=True)
class Ask:
    """What the person said: accept the system disk, accept any filesystem, which project, how much free space."""

    system_disk: bool = False
    any_filesystem: bool = False
    project: str | None = None
    stack: str | None = None
    minimum_free: int = MINIMUM_FREE


@dataclass(frozen=True)
class Adopted:
    """The outcome: the marker, and whether it was there before."""

    facts: Facts
    marker: marker.Marker
    already: bool


def adopt(path: Path, ask: Ask) -> Adopted:
    """Make ``path`` a data root, or say that it is one already.

    Raises:
        UnsuitableVolume: it is no place for weights, with every reason.
        ForeignVolume: it belongs to another project.
        VolumeError: it can't be written, or its marker is damaged or another disk's.
    """
    path = path.resolve()
    if not path.is_dir():
        raise UnsuitableVolume(path=path, why="there is no such folder", hint=f"mount a disk at {path} first")
    found = marker.read(Layout(path))
    facts = look(path)
    if found is not None:
        return Adopted(facts, _own(guard.guard(path), path, ask), already=True)
    reasons = verdict(facts, ask)
    if reasons:
        raise UnsuitableVolume(path=path, why="; ".join(reasons), hint=_hint(path, ask))
    return _mark(facts, ask)


def _mark(facts: Facts, ask: Ask) -> Adopted:
    try:
        guard.probe(facts.path)
    except OSError as error:
        raise guard.refusal(error, facts.path, facts.path) from error
    made = marker.new(_kind(facts, ask), facts.mount.fs_type, facts.fs_uuid)
    made = replace(made, project=ask.project, stack=ask.stack, lineage=facts.lineage)
    marker.write(facts.path, made)
    return Adopted(facts, made, already=False)


def look(path: Path) -> Facts:
    """Gather the facts of a resolved folder; nothing is written."""
    mount = mounts.over(path, mounts.current())
    if mount is None:
        raise UnsuitableVolume(path=path, why="it lies on no mount this process can see", hint="zagent doctor")
    below = tuple(disk.disks(disk.device_number(path)))
    system = {one.name for one in disk.disks(disk.device_number(Path("/")))}
    return Facts(
        path=path,
        is_mount_point=path.is_mount(),
        same_filesystem_as_system=path.stat().st_dev == Path("/").stat().st_dev,
        same_disk_as_system=bool(system & {one.name for one in below}),
        mount=mount,
        fs_uuid=disk.filesystem_uuid(path),
        disks=below,
        space=space.of(path),
        cache_size=space.used(Layout(path).modelscope_cache),
    )


def verdict(facts: Facts, ask: Ask) -> list[str]:
    """Every reason against these facts, in words; empty when there is none. Pure."""
    reasons = _too_small(facts, ask)
    if ask.system_disk:
        return reasons
    if facts.same_filesystem_as_system:
        return ["it lies on the system disk's own filesystem: a reset takes it away", *reasons]
    if not facts.is_mount_point:
        reasons.append("it is a folder inside a mount, not a mount point")
    if facts.same_disk_as_system:
        reasons.append("it is on the same disk as the system: a reset takes it away")
    if facts.mount.shape and not ask.any_filesystem:
        reasons.append(f"its filesystem is {facts.mount.fs_type}: {facts.mount.shape}")
    return reasons


def _too_small(facts: Facts, ask: Ask) -> list[str]:
    if facts.space.free + facts.cache_size >= ask.minimum_free:  # weights that are there need no room again
        return []
    return [f"{text.size(facts.space.free)} free, at least {text.size(ask.minimum_free)} are needed"]


def _kind(facts: Facts, ask: Ask) -> marker.Kind:
    if ask.system_disk and (facts.same_filesystem_as_system or facts.same_disk_as_system):
        return "system-disk"
    return "other" if facts.mount.shape else "data-disk"


def _hint(path: Path, ask: Ask) -> str:
    accept = "" if ask.system_disk else f"; zagent volume adopt {path} --system-disk   accepts a disk at risk"
    return f"mount a data disk and adopt that{accept}"


def _own(found: marker.Marker, path: Path, ask: Ask) -> marker.Marker:
    if (found.project, found.stack) == (ask.project, ask.stack):
        return found
    asked = marker.Marker("", None, "", "other", "", ask.project, ask.stack).owner
    flags = f"--project {found.project} --stack {found.stack}" if found.project else "  without --project and --stack"
    raise ForeignVolume(path=path, owner=found.owner, asked=asked, flags=flags)
