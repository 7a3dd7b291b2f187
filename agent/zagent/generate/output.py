"""Where images go, decided and proved before anything is loaded; a folder is made when its first image is."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from pathlib import Path

from zagent import durable
from zagent.errors import OutputExists, UsageError
from zagent.settings import Settings
from zagent.volume import guard

ENDING = ".png"


def paths(target: Path | None, seeds: list[int], settings: Settings, *, overwrite: bool) -> list[Path]:
    """One path for each seed: in the person's own folder on the volume, in the folder named, or the file named.

    A file named for several images gets each seed before its ending. Nothing is made yet.

    Raises:
        VolumeError: the folder takes no writes.
        OutputExists: a name is taken and ``overwrite`` is off.
        UsageError: a file of another kind than PNG is named, or the folder that should hold it does not exist.
    """
    folder, names = _names(target, seeds, settings)
    if target is None:
        guard.guard(settings.data_root, folder)
    else:
        _probe(folder)
    found = [folder / name for name in names]
    for path in found:
        if os.path.lexists(path) and not overwrite:
            raise OutputExists(path=path)
    return found


def make_folder(folder: Path, settings: Settings) -> None:
    """Make the folder that ``paths`` proved; what belongs to a person on the volume is theirs alone.

    Raises:
        OSError: it can't be made.
    """
    home = settings.layout.home(settings.user)
    if folder == settings.layout.outputs(settings.user):
        durable.make_folder(home.parent)
        durable.make_folder(home, mode=0o700)
    durable.make_folder(folder)


def _names(target: Path | None, seeds: list[int], settings: Settings) -> tuple[Path, list[str]]:
    if target is None or target.is_dir() or not target.suffix:
        stamp = datetime.now(timezone.utc).strftime("%Y%m%d-%H%M%S-%f")[:-3]
        folder = settings.layout.outputs(settings.user) if target is None else target
        return folder, [f"{stamp}-{seed}{ENDING}" for seed in seeds]
    if target.suffix.lower() != ENDING:
        raise UsageError(detail=f"-o {target} must end in {ENDING}, or name a folder")
    if len(seeds) == 1:
        return target.parent, [target.name]
    return target.parent, [f"{target.stem}-{seed}{target.suffix}" for seed in seeds]


def _probe(folder: Path) -> None:
    """A folder that a person named, or the one it will be made in, takes a write."""
    where = folder if os.path.lexists(folder) else folder.parent
    if not where.is_dir():
        missing = "is not a folder" if os.path.lexists(where) else "does not exist"
        raise UsageError(detail=f"-o: {where} {missing}")
    try:
        guard.probe(where)
    except OSError as error:
        raise guard.refusal(error, where, where) from error
