"""Adopting a data root: facts, a verdict, then the marker; done once in a disk's life."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote

from zagent.errors import ForeignVolume, UnsuitableVolume, UsageError
from zagent.volume import disk, guard, marker, mounts, space
from zagent.volume.layout import Layout
from zagent.volume.suitable import Ask, Facts, hint, kind, verdict

_OUTSIDE = "zagent volume adopt FOLDER   with a folder outside it; or use that data root as it is"
"""What to do where a folder lies within a data root."""


@dataclass(frozen=True)
class Adopted:
    """The outcome: the marker, whether it was there before, and the serial numbers it did not know yet."""

    facts: Facts
    marker: marker.Marker
    already: bool
    new_disks: tuple[str, ...] = ()


def adopt(path: Path, ask: Ask) -> Adopted:
    """Make ``path`` a data root, or say that it is one already.

    A data root that turns up on a disk it has not lived on yet (a restored snapshot, a cloned disk) gets that disk's
    serial number into its lineage; nothing else of a marker ever changes.

    Raises:
        UnsuitableVolume: it is no place for weights, with every reason.
        ForeignVolume: it belongs to another project.
        UsageError: a stack without its project.
        VolumeError: it can't be written, or its marker is damaged or another disk's.
    """
    if ask.stack and not ask.project:
        raise UsageError(detail="--stack needs --project: a stack is a project's")
    path = Path(os.path.realpath(path))
    if not path.is_dir():
        raise _no_folder(path, ask)
    found = marker.read(Layout(path))
    facts = look(path)
    if found is not None:
        return _again(facts, ask)
    _require_outermost(path)
    reasons = verdict(facts, ask)
    if reasons:
        raise UnsuitableVolume(path=path, why="; ".join(reasons), hint=hint(facts, ask))
    return _mark(facts, ask)


def _no_folder(path: Path, ask: Ask) -> UnsuitableVolume:
    if path.exists():
        return UnsuitableVolume(path=path, why="it is a file, not a folder", hint="zagent volume adopt FOLDER")
    return UnsuitableVolume(path=path, why="there is no such folder", hint=_make(path, ask))


def _require_outermost(path: Path) -> None:
    """One data root within another would be its user's files there: counted, cleared and backed up twice.

    Raises:
        UnsuitableVolume: it lies within one.
    """
    for one in path.parents:
        if Layout(one).marker.is_file():
            raise UnsuitableVolume(path=path, why=f"it lies inside the data root {one}", hint=_OUTSIDE)


def _make(path: Path, ask: Ask) -> str:
    return f"mkdir -p {quote(str(path))}" if ask.system_disk else f"mount a disk at {quote(str(path))} first"


def _again(facts: Facts, ask: Ask) -> Adopted:
    found = _own(guard.identify(facts.path), facts.path, ask)
    new = tuple(one for one in facts.lineage if one not in found.lineage)
    if new:
        guard.guard(facts.path, Layout(facts.path).own)
        found = replace(found, lineage=(*found.lineage, *new))
        marker.write(facts.path, found)
    return Adopted(facts, found, already=True, new_disks=new)


def _mark(facts: Facts, ask: Ask) -> Adopted:
    try:
        guard.probe(facts.path)
    except OSError as error:
        raise guard.refusal(error, facts.path, facts.path) from error
    made = marker.new(kind(facts), facts.mount.fs_type, facts.fs_uuid)
    made = replace(made, project=ask.project, stack=ask.stack, lineage=facts.lineage)
    marker.write(facts.path, made)
    return Adopted(facts, made, already=False, new_disks=facts.lineage)


def look(path: Path) -> Facts:
    """Gather the facts of a resolved folder; nothing is written."""
    mount, system = mounts.of(path), mounts.of(Path("/"))
    if mount is None:
        raise UnsuitableVolume(path=path, why="it lies on no mount this process can see", hint="zagent doctor")
    return Facts(
        path=path,
        same_filesystem_as_system=path.stat().st_dev == Path("/").stat().st_dev,
        mount=mount,
        fs_uuid=disk.filesystem_uuid(path),
        disks=tuple(disk.below(mount)),
        system=frozenset(one.name for one in disk.below(system)) if system else frozenset(),
        space=space.of(path),
        cache_size=space.used(Layout(path).modelscope_cache),
    )


def _own(found: marker.Marker, path: Path, ask: Ask) -> marker.Marker:
    if (found.project, found.stack) == (ask.project, ask.stack):
        return found
    given = [("--project", found.project), ("--stack", found.stack)]
    flags = "".join(f" {name} {quote(value)}" for name, value in given if value)
    asked = marker.owner(ask.project, ask.stack)
    raise ForeignVolume(path=path, owner=found.owner, asked=asked, flags=flags or "   without --project")
