"""Where images go, decided and proved before anything is loaded."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

from zagent import durable
from zagent.errors import OutputExists, UsageError
from zagent.settings import Settings
from zagent.volume import guard

ENDING = ".png"


def paths(target: Path | None, seeds: list[int], settings: Settings, *, overwrite: bool) -> list[Path]:
    """One path for each seed: in the person's own folder on the volume, in the folder named, or the file named.

    A file named for several images gets each seed before its ending. The folder exists afterwards.

    Raises:
        VolumeError: the folder takes no writes.
        OutputExists: a name is taken and ``overwrite`` is off.
        UsageError: a file of another kind than PNG is named, or its folder does not exist.
    """
    folder, names = _names(target, seeds, settings)
    _prepare(folder, settings, named=target is not None)
    found = [folder / name for name in names]
    for path in found:
        if path.exists() and not overwrite:
            raise OutputExists(path=path)
    return found


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


def _prepare(folder: Path, settings: Settings, *, named: bool) -> None:
    if not named:
        guard.guard(settings.data_root, folder)
        durable.make_folder(settings.layout.home(settings.user), mode=0o700)
        durable.make_folder(folder)
        return
    if not folder.parent.is_dir():
        raise UsageError(detail=f"the folder {folder.parent} does not exist")
    try:
        durable.make_folder(folder)
        guard.probe(folder)
    except OSError as error:
        raise guard.refusal(error, folder, folder) from error
