"""Bringing weights into a mirror. Each step may be the last before a crash."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from zagent import durable, points, text
from zagent.errors import SourceDamaged
from zagent.protect.contents import Weights
from zagent.protect.mirror import notes
from zagent.protect.mirror.home import Mirror
from zagent.volume import space
from zagent.weights import copying, digest, manifest
from zagent.weights.manifest import File, Manifest
from zagent.weights.progress import Progress
from zagent.weights.pull import settle
from zagent.weights.store import held

_SET = re.compile(r"[0-9a-f]{64}")
"""The name of a set that was whole."""


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
    folder, begun = final if final.is_dir() else mirror.half(one.manifest), mirror.begun(data_id, one.manifest)
    if folder != final:
        _renew(begun, manifest.dump(one.manifest))
    lacking = [file for file in one.manifest.files if held(folder / file.path) != file.size or file.path in suspect]
    copied = _complete(mirror, one, folder, lacking, suspect, progress) if lacking or folder != final else 0
    if folder != final:
        folder.rename(final)
        durable.sync_folder(final.parent)
    points.reached("mirror:named")
    _renew(note, manifest.dump(one.manifest))
    points.reached("mirror:noted")
    _forget_begun(begun)
    _drop_forgotten(mirror, mirror.sets(one.manifest), progress.say)
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
    known = notes.readable(notes.kept(mirror))
    others = [one for one in known if one.model == wanted.model and one.set_digest != wanted.set_digest]
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
    """Write a small file where it is not so already; one that can't be read is not."""
    with suppress(OSError):
        if path.read_bytes() == content:
            return
    durable.make_folder(path.parent)
    durable.write(path, content)


def _forget_begun(begun: Path) -> None:
    if begun.exists():
        begun.unlink()
        durable.sync_folder(begun.parent)


def forget(mirror: Mirror, data_id: str) -> None:
    """Give up what a data root keeps: first what says so, then the sets that no other one keeps.

    A half set that it has begun is nobody's then; `zagent gc` offers it.

    Safety contract: only the notes of the one data root that a person named in full or by a beginning that is its
    alone; its sets by the contract of ``_drop_forgotten``; while this process holds the mirror's lock.
    """
    folders = {one.model_folder for one in notes.kept(mirror) if one.data_id == data_id}
    shutil.rmtree(mirror.roots / data_id)
    durable.sync_folder(mirror.roots)
    for one in sorted(folders):
        _drop_forgotten(mirror, mirror.models / one)


def _drop_forgotten(mirror: Mirror, folder: Path, say: Callable[[str], None] = lambda line: None) -> None:
    """Delete the sets in a model's ``folder`` that no data root keeps here any more.

    Safety contract: only folders of the model's own that are named as whole sets, so that half ones stay for whoever
    brings them; only those that no note in the mirror names, all of which could be read; once the set that takes their
    place is whole, proved and noted durably; while this process holds the mirror's lock.
    """
    named = notes.named(mirror)
    if named is None:
        for one in notes.unreadable([*notes.kept(mirror), *notes.begun(mirror)]):
            say(f"every older set stays, for {one.line}; {one.hint}")
        return
    for path in folder.iterdir() if folder.is_dir() else ():
        if _SET.fullmatch(path.name) and path.name not in named and path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
            durable.sync_folder(path.parent)


def keep_settings(mirror: Mirror, data_id: str, files: Sequence[Path]) -> None:
    """Copy the small files that changed."""
    for one in files:
        _renew(mirror.settings(data_id) / one.name, one.read_bytes())
