"""What converted weights stand for: the hub's float32 files, once those are proved and have a second copy."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from zagent import points
from zagent.errors import ZagentError
from zagent.gc.items import Item, item
from zagent.gc.models import linked, vouched
from zagent.protect import destinations, record
from zagent.protect.grade import grade
from zagent.settings import Settings
from zagent.volume.layout import Layout, folder_name
from zagent.weights import manifest, origin, proof, variant, verified
from zagent.weights.manifest import File, Manifest
from zagent.weights.model import Model
from zagent.weights.store import Store, wrong_sizes
from zagent.weights.verify import Report


def superseded(settings: Settings, names: Collection[str]) -> Iterator[Item]:
    """The float32 files of these models, by folder name, that can go: all of a component's, or none.

    Safety contract: only where every file of the model has its size; where the last deep verify read exactly the set
    that is there now, after the conversion, and found it right; where a destination of backups, whose last run and
    check were good, holds exactly that set; where each of them has a converted file that says it was made from it;
    and where it is no link and no link in the cache leads to it.

    Raises:
        CacheElsewhere: a model's folder or a link in it leads off the data root.
        SettingsDamaged: the list of destinations can't be understood.
    """
    store = Store(settings)
    for model, wanted in vouched(store):
        if folder_name(model.id) in names and store.snapshot(model).is_dir():
            store.require_on_data_root(model)
            folder = store.snapshot(model)
            yield from (item("superseded", folder, folder / one.path) for one in _of(store, model, wanted))


def _of(store: Store, model: Model, wanted: Manifest) -> list[File]:
    folder, found = store.snapshot(model), variant.originals(variant.superseded(wanted))
    if not found or wrong_sizes(folder, wanted) or not _proved(store, model, wanted):
        return []
    if not _backed_up(store.settings.layout, model, wanted):
        return []
    links = linked(store.cache / "models")
    return [one for files in found.values() if all(_replaced(folder, each, links) for each in files) for one in files]


def _proved(store: Store, model: Model, wanted: Manifest) -> bool:
    last = proof.last(store, model, wanted)
    return last.again and last.ok


def _backed_up(layout: Layout, model: Model, wanted: Manifest) -> bool:
    """By the records of the runs. How long ago does not count: sets do not change."""
    sets, now = {model.words: wanted.set_digest}, record.now()
    grades = [grade(record.read(layout, one.name), sets, now) for one in destinations.known(layout)]
    return any(one in ("good", "old") for one in grades)


def _replaced(folder: Path, file: File, links: Collection[Path]) -> bool:
    path, made = folder / file.path, folder / str(variant.converted(file.path))
    real = Path(os.path.realpath(path))
    if any(one in links for one in (real, *real.parents)) or made.is_symlink():  # a link is among them itself
        return False
    try:
        return origin.of(made) == origin.Origin(file.sha256, file.size)
    except OSError:
        return False


def let_go(settings: Settings, doomed: Sequence[Item]) -> None:
    """Have manifests no longer name ``doomed``, which are superseded, before they are deleted.

    A crash from here on leaves orphans. What is left of the set was proved with it: the manifest keeps its time, and
    the record of the verify is that of the smaller set.

    Raises:
        OSError: a manifest can't be written; what it names is all there.
    """
    gone = {one.path for one in doomed}
    store = Store(settings)
    for model, wanted in vouched(store) if gone else ():
        folder = store.snapshot(model)
        left = tuple(one for one in wanted.files if folder / one.path not in gone)
        if left != wanted.files:
            _name_only(store, model, wanted, replace(wanted, files=left))


def smaller(settings: Settings, gone: Sequence[Item]) -> list[Manifest]:
    """The manifests that no longer name what is ``gone``: no copy has exactly these sets yet."""
    store, bases = Store(settings), {one.base for one in gone if one.kind == "superseded"}
    return [wanted for model, wanted in vouched(store) if store.snapshot(model) in bases] if bases else []


def _name_only(store: Store, model: Model, before: Manifest, after: Manifest) -> None:
    path, last = store.manifest_path(model), proof.last(store, model, before)
    written = path.stat()
    manifest.write(path, after)
    points.reached("superseded:manifest-written")
    if os.geteuid() == 0:
        os.chown(path, written.st_uid, written.st_gid)
    os.utime(path, ns=(written.st_atime_ns, written.st_mtime_ns))
    _prove(store, model, after, last.at)


def _prove(store: Store, model: Model, after: Manifest, at: datetime) -> None:
    """A disk that is full takes no record; then the next verify makes one."""
    whole = Report(len(after.files), after.size, (), ())
    with suppress(ZagentError, OSError):
        verified.write(store, model, verified.of(after, whole, at))


def whole_components(doomed: Sequence[Item], still: Sequence[Item]) -> list[Item]:
    """``doomed`` without the superseded files of a component of which not all were chosen. Pure."""
    chosen = {one.path for one in doomed}
    cut = {one.path.parent for one in still if one.kind == "superseded" and one.path not in chosen}
    return [one for one in doomed if one.kind != "superseded" or one.path.parent not in cut]
