"""``zagent weights convert``: float32 weights as the bfloat16 they run in, once, beside the hub's own files."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from zagent import durable, lock, points
from zagent.errors import WeightsDamaged
from zagent.volume import space
from zagent.weights import copying, digest, origin, recast, safetensors, variant
from zagent.weights.manifest import File, Manifest
from zagent.weights.model import Model
from zagent.weights.progress import Progress
from zagent.weights.pull import prepare, publish
from zagent.weights.recast import Cast, Recast
from zagent.weights.store import Store

DOING = "zagent weights convert"


@dataclass(frozen=True)
class Converted:
    """What a conversion did: the manifest after it, the originals that were converted, and what they became.

    Both are empty where there was nothing to convert.
    """

    manifest: Manifest
    originals: tuple[File, ...] = ()
    made: tuple[File, ...] = ()


def convert(store: Store, model: Model, cast: Cast, progress: Progress) -> Converted:
    """Write the float32 tensors of ``model`` as bfloat16 into files beside its own, which stay as they are.

    Every file is read and compared with the manifest, also those that nothing is made of: the new manifest vouches for
    them all. It is written last, when each file that was made is on the disk for good. What a run made that was cut off
    is made anew: nothing could tell that it is right.

    Raises:
        VolumeError, NotEnoughSpace: the data root does not take it; nothing was written.
        ModelMissing, WeightsDamaged: the weights are not there, or a file is not what the manifest says.
    """
    prepare(store, model)
    with lock.held(store.settings.layout.lock(model.id), model.id, DOING):
        points.reached("convert:locked")
        found, folder = store.present(model), store.snapshot(model)
        plans = _plans(folder, found, model)
        if not plans:
            return Converted(found)
        _make_room(folder, plans)
        progress.begin(found.size, found.size)
        made = _Work(folder, model, plans, cast, progress).run(found)
        progress.end()
        points.reached("convert:written")
        after = replace(found, files=tuple(sorted((*found.files, *made))))
        publish(store, after)
        points.reached("convert:manifest-written")
        return Converted(after, tuple(one for one in found.files if _becomes(one, plans)), made)


def _plans(folder: Path, found: Manifest, model: Model) -> dict[str, Recast]:
    """How to convert each weights file of the components that hold float32 and have no variant, by path."""
    plans: dict[str, Recast] = {}
    for name, files in variant.originals(found.files).items():
        if not variant.has_variant(found, name):
            plans |= _component(folder, [one for one in files if not variant.is_index(one.path)], model)
    return plans


def _component(folder: Path, shards: Iterable[File], model: Model) -> dict[str, Recast]:
    """All shards of a component or none: a variant is loaded whole."""
    plans, needed = dict[str, Recast](), False
    for one in shards:
        try:
            head = safetensors.read(folder / one.path)
            plans[one.path] = recast.recast(head, origin.note(one))
        except (ValueError, TypeError, KeyError) as error:
            raise WeightsDamaged(model=model.words, why=f"{one.path} can't be converted: {error}") from error
        needed |= recast.has_float32(head)
    return plans if needed else {}


def _becomes(file: File, plans: Mapping[str, Recast]) -> str | None:
    """The name that a file's converted form gets; None where the plans are not about its component."""
    components = {variant.component(one) for one in plans}
    return variant.converted(file.path) if variant.component(file.path) in components else None


def _make_room(folder: Path, plans: Mapping[str, Recast]) -> None:
    """See that all of it fits, once what an earlier run made is gone.

    Safety contract: only half copies of dead writers, and files of the very names that are about to be written, below
    this model's own folder, while this process holds the model's lock and no manifest names them.

    Raises:
        NotEnoughSpace: it does not.
    """
    copying.sweep(folder)
    for path in plans:
        (folder / str(variant.converted(path))).unlink(missing_ok=True)
    space.require(folder, sum(one.size for one in plans.values()))


@dataclass(frozen=True)
class _Work:
    """One conversion: what is to be made of which file in ``folder``."""

    folder: Path
    model: Model
    plans: Mapping[str, Recast]
    cast: Cast
    progress: Progress

    def run(self, found: Manifest) -> tuple[File, ...]:
        """Read every file, the largest first, and write what it becomes."""
        order = sorted(found.files, key=lambda one: -one.size)
        return tuple(one for one in digest.in_parallel(self._told, order) if one)

    def _told(self, file: File) -> File | None:
        """Convert, or only read, one file; whatever is wrong with it is told with its name."""
        try:
            made = self._one(file)
        except (copying.Unproved, ValueError, TypeError, KeyError) as error:
            raise self._damaged(file, error) from error
        except copying.Unreadable as error:
            if error.errno not in digest.BAD_BLOCKS:
                raise
            raise self._damaged(file, error.strerror or error) from error
        points.reached("convert:file-done")
        return made

    def _damaged(self, file: File, why: object) -> WeightsDamaged:
        return WeightsDamaged(model=self.model.words, why=f"{file.path}: {why}")

    def _one(self, file: File) -> File | None:
        pieces = copying.proved(self.folder / file.path, file, self.progress.add)
        name = _becomes(file, self.plans)
        if name is None:
            deque(pieces, maxlen=0)
            return None
        if file.path in self.plans:
            return self._write(name, self.plans[file.path].of(pieces, self.cast))
        return self._write(name, [self._index(file, b"".join(map(bytes, pieces)))])

    def _write(self, name: str, content: Iterable[bytes | memoryview]) -> File:
        digested, size = hashlib.sha256(), 0
        with durable.writing(self.folder / name) as target:
            for piece in content:
                digested.update(piece)
                size += target.write(piece)
        return File(name, size, digested.hexdigest(), confirmed=False)

    def _index(self, file: File, content: bytes) -> bytes:
        """The index of the converted shards."""
        found: dict[str, Any] = json.loads(content)
        folder = variant.component(file.path)
        plans = {path: one for path, one in self.plans.items() if variant.component(path) == folder}
        total = sum(one.data for one in plans.values())
        found["metadata"] = {**found.get("metadata", {}), "total_size": total, **origin.note(file)}
        shards = {Path(path).name: Path(str(variant.converted(path))).name for path in plans}
        found["weight_map"] = {tensor: shards[shard] for tensor, shard in found["weight_map"].items()}
        return (json.dumps(found, indent=2, sort_keys=True) + "\n").encode()
