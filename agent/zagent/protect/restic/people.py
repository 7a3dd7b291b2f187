"""Bringing a user's folder back: what is missing there, and never over what is there."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path, PurePath

from zagent import beneath, durable, text
from zagent.errors import NothingToRestore, UsageError
from zagent.protect.restic import repository, which
from zagent.protect.restic.engine import ResticEngine
from zagent.protect.restic.merge import Merge, staging
from zagent.protect.restic.repository import Node

KINDS: Mapping[str, Callable[[int], bool]] = {"file": stat.S_ISREG, "dir": stat.S_ISDIR, "symlink": stat.S_ISLNK}
"""restic's names of what a user has; of other kinds there is nothing to compare."""


@dataclass(frozen=True)
class Brought:
    """The files that came back, and what is here with another content, or in the way, and was left alone."""

    user: str
    files: tuple[str, ...]
    differing: tuple[str, ...]


def bring_back(source: ResticEngine, user: str, home: Path) -> Brought:
    """Bring the files of ``user`` into ``home`` that are missing there, with their owners and modes.

    They wait in a folder beside it, which only this process gets into, until all have come. Cut off, it is run again.
    ``home`` and what is in it may be changed meanwhile by whoever owns it: no link there leads elsewhere.

    Raises:
        NothingToRestore: the snapshot has no folder of that user.
        UsageError: that is no user's name, or ``home`` is a link.
        ResticError: it could not be read whole; nothing was changed.
    """
    stored = _stored(source, user, home)
    durable.make_folder(home.parent)
    with beneath.opened(home.parent) as parent, staging(parent, f".restoring-{user}") as waiting:
        target = Path(f"/proc/{os.getpid()}/fd/{waiting}/all")  # not by its name, which may be another's by then
        repository.restore(source.restic, source.snapshot_id, target, [str(stored)], lambda message: None)
        with beneath.entered(waiting, "all", *stored.parts[1:-1]) as users:
            merge = Merge(users, stored.name, parent, home.name)
            merge.run()
    return Brought(user, tuple(sorted(merge.files)), tuple(sorted(merge.differing)))


def look(source: ResticEngine, user: str, home: Path) -> Brought:
    """What ``bring_back`` would bring; nothing is changed.

    Nothing is fetched, so a file that is here with the same size counts as the same.

    Raises:
        NothingToRestore, UsageError: as there.
    """
    stored, files, differing = _stored(source, user, home), [], []
    for node in sorted(source.nodes, key=lambda one: PurePath(one.path).parts):  # folders before what is in them
        if stored not in PurePath(node.path).parents:
            continue
        path = PurePath(node.path).relative_to(stored)
        try:
            there = _there(home, path)
        except NotADirectoryError:  # said where it stands in the way
            continue
        if there is None and node.kind != "dir":
            files.append(str(path))
        elif there and _differs(node, there):
            differing.append(str(path))
    return Brought(user, tuple(files), tuple(differing))


def _stored(source: ResticEngine, user: str, home: Path) -> Path:
    """Where the user's folder lies in the snapshot."""
    if not user or "/" in user or user.startswith("."):
        raise UsageError(detail=f"{user!r} is no user's name")
    if home.is_symlink():
        raise UsageError(detail=f"{home} is a link: what is restored must not lead elsewhere")
    if found := source.named.home(user):
        return Path(found)
    hint = newer(source, user) or "zagent backup ls   shows the snapshots; restore --snapshot ID names another"
    raise NothingToRestore(what=f"the folder of {user}", why=f"{source.words} has none", hint=hint)


def whose(source: ResticEngine) -> str:
    """Whose everyone's folders and the settings are, where they are another data root's, and no person named them."""
    state = None if source.wanted_snapshot else source.settled
    return which.whose(state.snapshot, source.own) if state else ""


def newer(source: ResticEngine, user: str) -> str:
    """How to get what a user has in a newer snapshot that is not proved, as after nights on which a backup was red.

    Empty where there is none, or a person has named the snapshot.
    """
    now = datetime.now(timezone.utc)
    found = None if source.wanted_snapshot else which.unproved(source.snapshots, source.snapshot, user, now)
    if found is None:
        return ""
    takes = f"takes that of {text.moment(found.time)}, which is newer, but not proved"
    return f"the same with --snapshot {found.id[:8]}   {takes}"


def _there(home: Path, path: PurePath) -> os.stat_result | None:
    """What is in ``home`` under this path, None where nothing is."""
    *above, name = (home.name, *path.parts)
    try:
        with beneath.opened(home.parent) as parent, beneath.entered(parent, *above) as folder:
            return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _differs(node: Node, there: os.stat_result) -> bool:
    kind = KINDS.get(node.kind)
    return kind is not None and (not kind(there.st_mode) or (node.kind == "file" and node.size != there.st_size))
