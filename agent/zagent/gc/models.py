"""What can go of the models' folders: partial files and orphans; and which models nobody vouches for."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from zagent.errors import ManifestDamaged, UsageError
from zagent.gc.items import Item, item
from zagent.settings import Settings
from zagent.volume.layout import folder_name
from zagent.weights import leftovers, manifest
from zagent.weights.manifest import Manifest
from zagent.weights.model import Model
from zagent.weights.store import Store, wrong_sizes
from zagent.weights.verify import extra


def partials(settings: Settings, names: list[str]) -> list[Item]:
    """The partial files of these models, by folder name, and zagent's own old ones."""
    own, cache = settings.layout.own, Store(settings).cache / "models"
    found = leftovers.below(settings, names)
    return [item("partial file", own if own in one.parents else cache, one) for one in found]


def orphans(settings: Settings, names: Collection[str]) -> Iterator[Item]:
    """Files in the folders of these models that no manifest names; a model that is not whole keeps all it has.

    Raises:
        CacheElsewhere: a model's folder or a link in it leads off the data root.
    """
    store = Store(settings)
    links = linked(store.cache / "models")
    for model, wanted in vouched(store):
        folder = store.snapshot(model)
        if folder_name(model.id) in names and folder.is_dir():
            store.require_on_data_root(model)
            if not wrong_sizes(folder, wanted):
                yield from (item("orphan", folder, one) for one in _unnamed(folder, wanted, links))


def _unnamed(folder: Path, wanted: Manifest, links: Collection[Path]) -> Iterator[Path]:
    """What is a partial file is told as one; what a link leads to may be weights under another name."""
    for path in (folder / one for one in extra(folder, wanted)):
        real = Path(os.path.realpath(path))
        is_needed = not path.is_symlink() and any(one in (real, *real.parents) for one in links)
        if not is_needed and (path.is_symlink() or not leftovers.is_partial(path)):
            yield path


def linked(folder: Path) -> set[Path]:
    """What the links below ``folder`` lead to."""
    return {Path(os.path.realpath(one)) for one in folder.rglob("*") if one.is_symlink()}


def vouched(store: Store) -> Iterator[tuple[Model, Manifest]]:
    """Each model whose manifest can be understood and stands under its name."""
    for path in sorted(store.settings.layout.manifests.glob("*.json")):
        try:
            wanted = manifest.load(path)
            model = Model(wanted.model, wanted.revision)
        except (ManifestDamaged, UsageError):
            continue  # what it vouches for is not known, so nothing of it goes
        if store.manifest_path(model) == path:
            yield model, wanted


def unclaimed(settings: Settings) -> Iterator[Item]:
    """Folders of models in the cache without a manifest: other people's, or of a pull that is not done. They stay."""
    store = Store(settings)
    for folder in sorted((store.cache / "models").glob("*/snapshots/*")):
        if folder.is_dir() and not folder.is_symlink() and not _has_manifest(store, folder):
            whole = [one for one in folder.rglob("*") if one.is_file() and not leftovers.is_partial(one)]
            if whole:
                yield Item("no manifest", folder, folder, sum(one.lstat().st_blocks * 512 for one in whole))


def _has_manifest(store: Store, snapshot: Path) -> bool:
    try:
        model = Model(snapshot.parent.parent.name.replace("--", "/", 1), snapshot.name)
    except UsageError:
        return False
    return store.manifest_path(model).exists()
