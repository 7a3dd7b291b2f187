"""Bringing weights into a mirror. Each step may be the last before a crash."""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path

from zagent import durable, points
from zagent.errors import SourceDamaged
from zagent.protect.contents import Weights
from zagent.protect.mirror.home import Mirror
from zagent.volume import space
from zagent.weights import copying, digest, manifest
from zagent.weights.manifest import File, Manifest
from zagent.weights.progress import Progress
from zagent.weights.pull import settle
from zagent.weights.store import held

PARTIAL = ".partial"
"""How the name of a set ends that is being made."""

_SET = r"-[0-9a-f]{16}(\.partial)?"
"""How the name of a set goes on after the revision."""


def keep(mirror: Mirror, one: Weights, suspect: Collection[str], progress: Progress) -> int:
    """Bring one model's set of files into the mirror, as far as it is not there already; the bytes that were copied.

    ``suspect`` are the paths that a check found bad: they are copied again. A set that is there stays until the new
    one is whole, so that a damaged source never replaces a good copy.

    Raises:
        SourceDamaged: a file is not what its manifest says; nothing that was there has changed.
        NotEnoughSpace: the set does not fit beside the one that is there.
        OSError: the mirror can't be written.
    """
    final = mirror.files(one.manifest)
    folder = final if final.is_dir() else final.with_name(final.name + PARTIAL)
    lacking = [file for file in one.manifest.files if held(folder / file.path) != file.size or file.path in suspect]
    if lacking or folder != final:
        _complete(one, folder, lacking, progress)
    if folder != final:
        folder.rename(final)
        durable.sync_folder(final.parent)
    points.reached("mirror:named")
    _record(mirror, one.manifest)
    points.reached("mirror:recorded")
    _drop_others(mirror, one.manifest)
    return sum(file.size for file in lacking)


def _complete(one: Weights, folder: Path, lacking: Sequence[File], progress: Progress) -> None:
    durable.make_folder(folder)
    _sweep(folder)
    missing = sum(file.size for file in lacking)
    space.require(folder, missing)
    progress.begin(one.manifest.size, missing)
    _copy(one, folder, lacking, progress)
    points.reached("mirror:copied")
    settle(folder, one.manifest.files)
    progress.end()


def _sweep(folder: Path) -> None:
    """Delete the half copies of a killed backup, or their room would be lacking now.

    Safety contract: only names that ``durable`` gives to temp files, below the set that this process is to write,
    while it holds the mirror's lock.
    """
    for path in folder.rglob("*"):
        if durable.is_leftover(path):
            path.unlink(missing_ok=True)


def _copy(one: Weights, folder: Path, lacking: Sequence[File], progress: Progress) -> None:
    def copy(file: File) -> None:
        durable.make_folder((folder / file.path).parent)
        try:
            copying.copy(one.folder / file.path, folder / file.path, progress.add, file.sha256)
        except copying.Unproved as error:
            raise SourceDamaged(model=one.model.words, path=file.path, why=error) from error
        except copying.Unreadable as error:
            raise SourceDamaged(model=one.model.words, path=file.path, why=error.strerror) from error
        points.reached("mirror:file-copied")

    digest.in_parallel(copy, sorted(lacking, key=lambda file: -file.size))


def _record(mirror: Mirror, wanted: Manifest) -> None:
    path, content = mirror.manifest(wanted), manifest.dump(wanted)
    if not path.is_file() or path.read_bytes() != content:
        durable.make_folder(path.parent)
        durable.write(path, content)


def _drop_others(mirror: Mirror, wanted: Manifest) -> None:
    """Delete the older sets of a model and revision.

    Safety contract: only folders below this model's own that are named as sets of this revision; only once the set
    that takes their place is whole, proved, and recorded durably; while this process holds the mirror's lock.
    """
    final, sets = mirror.files(wanted), re.compile(re.escape(wanted.revision) + _SET)
    for path in final.parent.iterdir():
        if sets.fullmatch(path.name) and path.name != final.name and path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
            durable.sync_folder(final.parent)


def keep_settings(mirror: Mirror, files: Sequence[Path]) -> None:
    """Copy the small files that changed."""
    durable.make_folder(mirror.settings)
    for one in files:
        copy, content = mirror.settings / one.name, one.read_bytes()
        if not copy.is_file() or copy.read_bytes() != content:
            durable.write(copy, content)
