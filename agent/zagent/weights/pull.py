"""``zagent pull``: the only road on which weights come from the hub. Each step may be the last before a crash."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from zagent import durable, lock, points, text
from zagent.errors import (
    DownloadFailed,
    HubUnreachable,
    ManifestDamaged,
    ModelMissing,
    NotAModel,
    WeightsDamaged,
)
from zagent.volume import guard, space
from zagent.weights import digest, manifest, needed
from zagent.weights.hub import Hub, Listing
from zagent.weights.model import Model
from zagent.weights.progress import Progress
from zagent.weights.store import Store

PARTIAL = ".incomplete"
"""What the hub's library appends to a file that is still coming."""

PATIENCE = 3
"""Tries in a row that bring not one byte before the hub counts as unreachable."""


@dataclass(frozen=True)
class Pulled:
    """What a pull did: the manifest, the bytes that came from the hub, and whether all was there before."""

    manifest: manifest.Manifest
    downloaded: int
    already: bool


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
        return _fetch(store, model, repair, progress)


def prepare(store: Store, model: Model) -> None:
    """Prove that all of a model's folders take writes, then make those that must exist.

    Raises:
        VolumeError, CacheElsewhere: before anything was written.
    """
    layout = store.settings.layout
    guard.guard(layout.root, layout.locks, layout.manifests, store.snapshot(model))
    store.require_on_data_root()
    for folder in (layout.locks, layout.manifests, store.snapshot(model)):
        durable.make_folder(folder)


def finished(store: Store, model: Model) -> manifest.Manifest | None:
    """The manifest of ``model`` if all of it is there by size, else None."""
    try:
        return store.present(model)
    except (ModelMissing, WeightsDamaged, ManifestDamaged):
        return None


def _fetch(store: Store, model: Model, repair: bool, progress: Progress) -> Pulled:
    hub, folder = Hub(model), store.snapshot(model)
    listing = hub.listing()
    points.reached("pull:listed")
    files = needed.select(listing.files, _index(hub, listing), model.id)
    old = _trusted(store, model)
    if repair and old:
        _drop_damaged(folder, files, old)
    _withdraw(store, model, files, old)
    space.require(folder, missing_bytes(folder, files))
    downloaded = _download(hub, files, store, progress)
    points.reached("pull:downloaded")
    made = manifest.make(model.id, model.revision, listing.commit, hub.endpoint, digest.recorded(folder, files))
    points.reached("pull:hashed")
    settle(folder, files)
    points.reached("pull:synced")
    manifest.write(store.manifest_path(model), made)
    points.reached("pull:manifest-written")
    return Pulled(made, downloaded, already=False)


def _index(hub: Hub, listing: Listing) -> bytes:
    listed = next((one for one in listing.files if one.path == needed.INDEX), None)
    if listed is None:
        raise NotAModel(model=hub.model.id, why=f"it has no {needed.INDEX}")
    content = hub.read(needed.INDEX)
    if listed.sha256 and hashlib.sha256(content).hexdigest() != listed.sha256:
        raise DownloadFailed(model=hub.model.id, why=f"{needed.INDEX} is not what the listing says")
    return content


def _trusted(store: Store, model: Model) -> manifest.Manifest | None:
    try:
        return store.find(model)
    except ManifestDamaged:
        return None


def _drop_damaged(folder: Path, files: list[needed.Listed], old: manifest.Manifest) -> None:
    """Delete what no longer is what it was recorded to be, where the hub lists no hash to compare with.

    Safety contract: only a file of this manifest, only where the listing has no SHA-256 for it, and only when
    its content differs from the recorded one. It can't be of use to anyone: no load may trust it.
    """
    unlisted = {one.path for one in files if not one.sha256}
    for one in old.files:
        path = folder / one.path
        if one.path in unlisted and path.is_file() and digest.sha256(path) != one.sha256:
            path.unlink()


def _withdraw(store: Store, model: Model, files: list[needed.Listed], old: manifest.Manifest | None) -> None:
    """Take the old manifest away when the hub now lists other content.

    From here on files of two versions may stand side by side, and sizes alone would not tell them apart.
    """
    path = store.manifest_path(model)
    if old and {(one.path, one.sha256) for one in old.files} == {(one.path, one.sha256) for one in files}:
        return
    if path.exists():
        path.unlink()
        durable.sync_folder(path.parent)
    points.reached("pull:manifest-withdrawn")


def missing_bytes(folder: Path, files: list[needed.Listed]) -> int:
    """The bytes that are still to come: not what is there whole, not what an earlier try left."""
    return sum(one.size - min(one.size, _held(folder / one.path, one.size)) for one in files)


def _held(path: Path, size: int) -> int:
    if _size(path) == size:
        return size
    return _size(path.with_name(path.name + PARTIAL))


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _download(hub: Hub, files: list[needed.Listed], store: Store, progress: Progress) -> int:
    """Fetch until all is there; as long as bytes arrive it goes on, however often the line breaks."""
    folder, left = store.snapshot(hub.model), PATIENCE
    progress.begin(sum(one.size for one in files), missing_bytes(folder, files))
    while True:
        before = progress.downloaded
        progress.resume(sum(_size((folder / one.path).with_name(Path(one.path).name + PARTIAL)) for one in files))
        try:
            hub.download(files, folder, store.cache, progress.add)
            return progress.end()
        except HubUnreachable as error:
            left = PATIENCE if progress.downloaded > before else left - 1
            if not left:
                raise
            progress.say(f"{error.message}; trying again, {text.size(progress.downloaded)} fetched so far")


def settle(folder: Path, files: list[needed.Listed]) -> None:
    """Make every file and every folder survive a power cut."""
    for one in files:
        durable.sync_file(folder / one.path)
    for parent in sorted({(folder / one.path).parent for one in files} | {folder, folder.parent}):
        durable.sync_folder(parent)
