"""Bringing weights into a mirror. Each step may be the last before a crash."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from zagent import durable, points, text
from zagent.errors import SourceDamaged
from zagent.protect.contents import Weights
from zagent.protect.mirror.home import Mirror, kept
from zagent.volume import space
from zagent.weights import copying, digest, manifest
from zagent.weights.manifest import File, Manifest
from zagent.weights.progress import Progress
from zagent.weights.pull import settle
from zagent.weights.store import held

PARTIAL = ".partial"
"""How the name of a set ends that is being made."""

_SET = re.compile(r"[0-9a-f]{64}(\.partial)?")


def keep(mirror: Mirror, data_id: str, one: Weights, suspect: Collection[str], progress: Progress) -> int:
    """Bring one model's set of files into the mirror, as far as it is not there already; the bytes that were copied.

    ``suspect`` are the paths that a check found bad: they are copied again. A set that is there stays until the new
    one is whole, so that a damaged source never replaces a good copy.

    Raises:
        SourceDamaged: a file is not what its manifest says; nothing that was there has changed.
        NotEnoughSpace: the set does not fit beside the one that is there.
        OSError: the mirror can't be written.
    """
    final, note = mirror.files(one.manifest), mirror.manifest(data_id, one.manifest)
    folder = final if final.is_dir() else final.with_name(final.name + PARTIAL)
    lacking = [file for file in one.manifest.files if held(folder / file.path) != file.size or file.path in suspect]
    copied = _complete(mirror, one, folder, lacking, suspect, progress) if lacking or folder != final else 0
    if folder != final:
        folder.rename(final)
        durable.sync_folder(final.parent)
    points.reached("mirror:named")
    _renew(note, manifest.dump(one.manifest))
    points.reached("mirror:noted")
    _drop_forgotten(mirror, one.manifest)
    return copied


def _complete(
    mirror: Mirror,
    one: Weights,
    folder: Path,
    lacking: Sequence[File],
    suspect: Collection[str],
    progress: Progress,
) -> int:
    durable.make_folder(folder)
    copying.sweep(folder)
    known = _known(mirror, one.manifest)
    lacking = [file for file in lacking if file.path in suspect or not _linked(known, folder, file)]
    missing = sum(file.size for file in lacking)
    space.require(folder, missing)
    progress.begin(one.manifest.size, missing)
    _copy(one, folder, lacking, progress)
    points.reached("mirror:copied")
    settle(folder, one.manifest.files)
    progress.end()
    return missing


def _known(mirror: Mirror, wanted: Manifest) -> dict[str, Path]:
    """Where each content lies in the other sets of the model, by SHA-256: most files outlive a new version."""
    others = [one for one in kept(mirror) if one.model == wanted.model and one.set_digest != wanted.set_digest]
    return {file.sha256: mirror.files(one) / file.path for one in others for file in one.files}


def _linked(known: Mapping[str, Path], folder: Path, wanted: File) -> bool:
    """Share a file with another set once it is proved; where the filesystem has no links it is copied."""
    other, target = known.get(wanted.sha256), folder / wanted.path
    if other is None or held(other) != wanted.size or os.path.lexists(target):
        return False
    durable.make_folder(target.parent)
    try:
        if digest.sha256(other) != wanted.sha256:
            return False
        os.link(other, target)
    except OSError:
        return False
    return True


def _copy(one: Weights, folder: Path, lacking: Sequence[File], progress: Progress) -> None:
    """A bad file does not keep the others from being copied: its disk may not give them a second time."""
    bad = copying.copy_all(one.folder, folder, lacking, progress.add)
    if bad:
        path, why = min(bad.items())
        more = f", and {text.plural(len(bad) - 1, 'file')} more" if len(bad) > 1 else ""
        raise SourceDamaged(model=one.model.words, path=path, why=why + more)


def _renew(path: Path, content: bytes) -> None:
    """Write a small file where it is not so already."""
    if not path.is_file() or path.read_bytes() != content:
        durable.make_folder(path.parent)
        durable.write(path, content)


def forget(mirror: Mirror, data_id: str) -> None:
    """Give up what a data root keeps: first what says so, then the sets that no other one keeps.

    Safety contract: only the notes of the one data root that a person named in full or by a beginning that is its
    alone; its sets by the contract of ``_drop_forgotten``; while this process holds the mirror's lock.
    """
    models = [manifest.load(one) for one in (mirror.roots / data_id / "manifests").glob("*.json")]
    shutil.rmtree(mirror.roots / data_id)
    durable.sync_folder(mirror.roots)
    for one in models:
        _drop_forgotten(mirror, one)


def _drop_forgotten(mirror: Mirror, wanted: Manifest) -> None:
    """Delete the sets of a model that no data root keeps here any more.

    Safety contract: only folders of the model's own that are named as sets; only those that no manifest in the mirror
    names, all of which could be read; once the set that takes their place is whole, proved and noted durably; while
    this process holds the mirror's lock.
    """
    named = {mirror.files(one).name for one in kept(mirror)}
    for path in mirror.sets(wanted).iterdir():
        if _SET.fullmatch(path.name) and path.name not in named and path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
            durable.sync_folder(path.parent)


def keep_settings(mirror: Mirror, data_id: str, files: Sequence[Path]) -> None:
    """Copy the small files that changed."""
    for one in files:
        _renew(mirror.settings(data_id) / one.name, one.read_bytes())
