"""``zagent pull``: the only road on which weights come from the hub. Each step may be the last before a crash."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zagent import durable, lock, points, text
from zagent.errors import HubUnreachable, ManifestDamaged, ModelMissing, WeightsDamaged
from zagent.volume import guard, space
from zagent.weights import digest, kept, manifest, needed, variant
from zagent.weights.hub import PATIENCE, Hub
from zagent.weights.model import Model
from zagent.weights.needed import Listed
from zagent.weights.partial import partial, partial_bytes
from zagent.weights.progress import Progress
from zagent.weights.store import Store, held


@dataclass(frozen=True)
class Pulled:
    """What a pull did: the manifest, the bytes that came from the hub, and whether all was there before.

    ``adopted`` is the copy on this machine that a person named, where that was meant instead of the hub.
    """

    manifest: manifest.Manifest
    downloaded: int
    already: bool
    adopted: Path | None = None


def pull(store: Store, model: Model, *, repair: bool, progress: Progress) -> Pulled:
    """Bring ``model`` onto the data root, or find that it is there.

    With ``repair`` every file is hashed and the bad ones are fetched again, even though sizes are right.

    Raises:
        VolumeError: the data root is not safe to write; nothing was.
        WeightsError: the hub, the repository or the space; what arrived stays and is resumed.
    """
    prepare(store, model)
    with lock.held(store.settings.layout.lock(model.id), model.id, "zagent pull"):
        points.reached("pull:locked")
        if not repair and (found := finished(store, model)):
            return Pulled(found, 0, already=True)
        return _fetch(store, model, progress)


def prepare(store: Store, model: Model) -> None:
    """Prove that all of a model's folders take writes, then make those that must exist; its own not before it comes.

    Raises:
        VolumeError, CacheElsewhere: before anything was written.
    """
    layout = store.settings.layout
    guard.identify(layout.root)
    store.require_on_data_root(model)
    guard.guard(layout.root, layout.locks, layout.manifests, store.snapshot(model))
    for folder in (layout.locks, layout.manifests):
        durable.make_folder(folder)


def finished(store: Store, model: Model) -> manifest.Manifest | None:
    """The manifest of ``model`` if all of it is there by size, else None."""
    try:
        return store.present(model)
    except (ModelMissing, WeightsDamaged, ManifestDamaged):
        return None


def _fetch(store: Store, model: Model, progress: Progress) -> Pulled:
    hub, folder = Hub(model), store.snapshot(model)
    listing = hub.listing()
    points.reached("pull:listed")
    files = needed.select(listing.files, hub.index(listing), model.id)
    durable.make_folder(folder)
    old = trusted(store, model)
    converted = kept.kept(folder, old or _withdrawn(store, model), files, progress)
    files = [one for one in files if one.path not in converted.spared]
    missing = _missing(folder, files, old, progress)
    space.require(folder, _growth(folder, missing, converted.dropped))
    if missing or converted.dropped:
        withdraw(store, model)
    _drop(folder, missing)
    kept.drop(folder, converted, progress)
    downloaded = _download(hub, files, missing, store, progress)
    points.reached("pull:downloaded")
    entries = [*digest.recorded(folder, files), *converted.files]
    made = manifest.make(model.id, model.revision, listing.commit, hub.endpoint, entries)
    points.reached("pull:hashed")
    settle(folder, entries)
    points.reached("pull:synced")
    publish(store, made)
    points.reached("pull:manifest-written")
    return Pulled(made, downloaded, already=False)


def trusted(store: Store, model: Model) -> manifest.Manifest | None:
    """What should be there by the data root's own account; a damaged manifest says nothing."""
    try:
        return store.find(model)
    except ManifestDamaged:
        return None


def _missing(folder: Path, files: list[Listed], old: manifest.Manifest | None, progress: Progress) -> list[Listed]:
    """The files that are not there, or are not what the listing says (where it has no hash: what was recorded).

    What can't be proved, as no hash is listed or recorded, counts as missing: it may be of another version.
    """
    recorded = {one.path: one.sha256 for one in old.files} if old else {}
    here = sum(one.size for one in files if held(folder / one.path) == one.size)
    if here:
        progress.say(f"checking {text.size(here)} that are here")

    def lacks(one: Listed) -> bool:
        path, wanted = folder / one.path, one.sha256 or recorded.get(one.path)
        return held(path) != one.size or not wanted or digest.sha256_or_none(path) != wanted

    return [one for one, lacking in zip(files, digest.in_parallel(lacks, files), strict=True) if lacking]


def _to_come(folder: Path, missing: list[Listed]) -> int:
    """The bytes that the hub must send: not what an earlier try left."""
    return sum(one.size - _resumable(folder, one) for one in missing)


def _resumable(folder: Path, one: Listed) -> int:
    return partial_bytes(folder, one) if one.sha256 else 0


def _growth(folder: Path, missing: list[Listed], dropped: Sequence[manifest.File]) -> int:
    """The bytes that the disk must hold on top: what replaces a bad file, or a ``dropped`` one, takes its room."""
    freed = [one.path for one in missing] + [one.path for one in dropped]
    return max(0, _to_come(folder, missing) - sum(max(0, held(folder / one)) for one in freed))


def withdraw(store: Store, model: Model) -> None:
    """Take the manifest away before any file changes.

    From here on files of two versions, or files that no power cut would survive, may stand there with right sizes. One
    that names converted files is put aside: nothing else tells what those should be, and the hub has none of them.
    """
    path, old = store.manifest_path(model), trusted(store, model)
    if path.exists():
        if old and variant.made_here(old):
            path.replace(_aside(store, model))
        else:
            path.unlink()
        durable.sync_folder(path.parent)
    points.reached("pull:manifest-withdrawn")


def publish(store: Store, made: manifest.Manifest) -> None:
    """Write the manifest of a model of which all is there, settled; one that was put aside goes.

    Raises:
        OSError: nothing was changed.
    """
    model = Model(made.model, made.revision)
    manifest.write(store.manifest_path(model), made)
    _aside(store, model).unlink(missing_ok=True)


def _aside(store: Store, model: Model) -> Path:
    path = store.manifest_path(model)
    return path.with_name(f"{path.name}.withdrawn")


def _withdrawn(store: Store, model: Model) -> manifest.Manifest | None:
    """The manifest that the last pull put aside, where that did not end. It only tells what is to be hashed."""
    try:
        return manifest.read(_aside(store, model), model)
    except ManifestDamaged:
        return None


def _drop(folder: Path, missing: list[Listed]) -> None:
    """Delete what stands in the way of a good file.

    Safety contract: only files that the listing names, below this model's own folder, while this process holds the
    model's lock; a finished one only when it was read and is not what it should be (size or SHA-256), or can't be
    read; a partial one only where no hash is listed, since nothing would tell that its rest is of another version.
    """
    for one in missing:
        (folder / one.path).unlink(missing_ok=True)
        if not one.sha256:
            partial(folder / one.path).unlink(missing_ok=True)


def _download(hub: Hub, files: list[Listed], missing: list[Listed], store: Store, progress: Progress) -> int:
    """Fetch until all is there; as long as bytes arrive it goes on, however often the line breaks."""
    folder, left = store.snapshot(hub.model), PATIENCE
    progress.begin(sum(one.size for one in files), _to_come(folder, missing))
    while True:
        before = progress.downloaded
        try:
            hub.download(missing, folder, store.cache, progress.add)
            return progress.end()
        except HubUnreachable as error:
            left = PATIENCE if progress.downloaded > before else left - 1
            if not left:
                raise
            progress.say(f"{error.message}; trying again, {text.size(progress.downloaded)} fetched so far")


def settle(folder: Path, files: Sequence[Listed | manifest.File]) -> None:
    """Make every file and every folder everyone's to read, whatever root's umask, and survive a power cut."""
    for one in files:
        _open_to_all(folder / one.path, 0o644)
        durable.sync_file(folder / one.path)
    below = {parent for one in files for parent in (folder / one.path).parents if folder in parent.parents}
    for parent in sorted(below):
        _open_to_all(parent, 0o755)
    for parent in (*sorted(below), folder, folder.parent):
        durable.sync_folder(parent)


def _open_to_all(path: Path, mode: int) -> None:
    """Add the bits of ``mode``; files that were there may be another's, and then they are as their owner wants."""
    stat = path.stat()
    if stat.st_uid == os.geteuid() and stat.st_mode & mode != mode:
        path.chmod(stat.st_mode & 0o777 | mode)
