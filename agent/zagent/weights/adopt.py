"""``zagent weights adopt``: a copy that is already here becomes the model on the data root; nothing is fetched."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from zagent import durable, lock, points
from zagent.errors import WeightsDamaged
from zagent.volume import space
from zagent.weights import copying, digest, manifest, sources
from zagent.weights.model import Model
from zagent.weights.needed import Listed
from zagent.weights.progress import Progress
from zagent.weights.pull import Pulled, finished, prepare, publish, settle, withdraw
from zagent.weights.store import Store, held
from zagent.weights.verify import verify


def adopt(store: Store, model: Model, path: Path, progress: Progress) -> Pulled:
    """Copy the model found at ``path`` onto the data root, prove the copy, and record it.

    The original is only read. No hub has confirmed its hashes, and the manifest says so.

    Raises:
        NotAModel: ``path`` holds no whole, safe model.
        VolumeError, NotEnoughSpace: the data root does not take it.
        WeightsDamaged: the copy does not read back as it was written.
    """
    prepare(store, model)
    source = sources.locate(path, model)
    with lock.held(store.settings.layout.lock(model.id), model.id, "zagent weights adopt"):
        if found := finished(store, model):
            return Pulled(found, 0, already=True, adopted=path)
        return Pulled(_bring(store, model, source, progress), 0, already=False, adopted=path)


def _bring(store: Store, model: Model, source: Path, progress: Progress) -> manifest.Manifest:
    folder, files = store.snapshot(model), sources.files(source, model)
    durable.make_folder(folder)
    copying.sweep(folder)
    space.require(folder, sum(one.size for one in files if held(folder / one.path) != one.size))
    withdraw(store, model)
    progress.begin(sum(one.size for one in files), sum(one.size for one in files))
    entries = [_copy(source / one.path, folder / one.path, one, progress) for one in files]
    points.reached("adopt:copied")
    made = manifest.make(model.id, model.revision, None, str(source), entries)
    settle(folder, files)
    report = verify(folder, made, quick=False)
    if not report.whole:
        raise WeightsDamaged(model=model.words, why=f"the copy of {report.bad[0].path} does not read back right")
    publish(store, made)
    points.reached("adopt:manifest-written")
    progress.end()
    return made


def _copy(source: Path, target: Path, listed: Listed, progress: Progress) -> manifest.File:
    """Copy unless an earlier try did; either way the hash is the source's."""
    durable.make_folder(target.parent)
    if held(target) == listed.size:
        entry = manifest.File(listed.path, listed.size, digest.sha256(source, progress.add), confirmed=False)
        if digest.sha256(target) == entry.sha256:
            return entry
        progress.add(-listed.size)
    entry = manifest.File(listed.path, listed.size, copying.copy(source, target, progress.add), confirmed=False)
    points.reached("adopt:file-copied")
    return replace(entry, size=target.stat().st_size)
