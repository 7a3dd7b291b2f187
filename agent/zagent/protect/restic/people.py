"""Bringing a user's folder back: what is missing there, and never over what is there."""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from zagent import durable
from zagent.errors import NothingToRestore, UsageError
from zagent.protect.restic import repository
from zagent.protect.restic.engine import ResticEngine
from zagent.weights.progress import Progress


@dataclass(frozen=True)
class Brought:
    """The files that came back, and those that are here with another content and were left alone."""

    user: str
    files: tuple[str, ...]
    differing: tuple[str, ...]


def bring_back(source: ResticEngine, user: str, home: Path, staging: Path, progress: Progress) -> Brought:
    """Bring the files of ``user`` into ``home`` that are missing there, with their owners and modes.

    They wait in ``staging``, on the same filesystem, until all have come. Cut off, it is run again.

    Raises:
        NothingToRestore: the snapshot has no folder of that user.
        UsageError: that is no user's name.
        ResticError: it could not be read whole; nothing was changed.
    """
    if not user or "/" in user or user.startswith("."):
        raise UsageError(detail=f"{user!r} is no user's name")
    end = f"/users/{user}"
    found = next((one.path for one in source.nodes if one.path.endswith(end) and not one.is_file), None)
    if found is None:
        hint = "zagent backup ls   shows the snapshots; restore --snapshot ID names another"
        raise NothingToRestore(what=f"the folder of {user}", why=f"{source.words} has none", hint=hint)
    shutil.rmtree(staging, ignore_errors=True)
    durable.make_folder(staging, mode=0o700)
    try:
        repository.restore(source.restic, source.snapshot_id, staging, [found], lambda message: None)
        return _merged(user, staging / found.lstrip("/"), home)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _merged(user: str, came: Path, home: Path) -> Brought:
    if home.is_symlink():
        raise UsageError(detail=f"{home} is a link: what is restored must not lead elsewhere")
    durable.make_folder(home.parent)
    _folder(came, home)
    files, differing = [], []
    for path in _below(came):
        target, name = home / path.relative_to(came), path.relative_to(came).as_posix()
        if path.is_dir() and not path.is_symlink():
            _folder(path, target)
        elif not os.path.lexists(target):
            path.rename(target)
            files.append(name)
        elif not _same(path, target):
            differing.append(name)
    return Brought(user, tuple(files), tuple(differing))


def _below(folder: Path) -> Iterator[Path]:
    """Everything below, folders before what is in them; a link is not followed."""
    for path in sorted(folder.iterdir()):
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _below(path)


def _folder(like: Path, target: Path) -> None:
    """The folder, with the owner and mode of its copy where it has to be made."""
    if not os.path.lexists(target):
        stat = like.stat()
        target.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(target, stat.st_uid, stat.st_gid)
        target.chmod(stat.st_mode & 0o7777)


def _same(one: Path, two: Path) -> bool:
    if one.is_symlink() or two.is_symlink():
        return one.is_symlink() and two.is_symlink() and one.readlink() == two.readlink()
    return two.is_file() and filecmp.cmp(one, two, shallow=False)
