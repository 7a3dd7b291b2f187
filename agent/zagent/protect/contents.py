"""What there is to protect on a data root: weights that a manifest vouches for, settings, people's folders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from zagent.errors import NothingToProtect, ZagentError
from zagent.protect import destinations
from zagent.weights import manifest
from zagent.weights.manifest import Manifest
from zagent.weights.model import Model
from zagent.weights.store import Store


@dataclass(frozen=True)
class Weights:
    """A model at one revision: its manifest and the folder that holds, or is to hold, its files."""

    manifest: Manifest
    folder: Path

    @property
    def model(self) -> Model:
        """The id and the revision."""
        return Model(self.manifest.model, self.manifest.revision)


@dataclass(frozen=True)
class Contents:
    """All of it. ``settings`` are the small files that say how the data root is used; no secret is among them."""

    data_id: str
    weights: tuple[Weights, ...]
    manifests: tuple[Path, ...]
    settings: tuple[Path, ...]
    people: tuple[Path, ...]

    @property
    def sets(self) -> dict[str, str]:
        """The set digest of each model, in the command line's words."""
        return {one.model.words: one.manifest.set_digest for one in self.weights}


def sets(store: Store, data_id: str) -> Mapping[str, str]:
    """The set digest of each model, by its words; none where that can't be told, of which ``zagent verify`` tells."""
    try:
        return of(store, data_id).sets
    except ZagentError:
        return {}


def of(store: Store, data_id: str) -> Contents:
    """Every model whose manifest is kept (what a pull has not finished is none), and whatever else there is.

    Raises:
        NothingToProtect: there are no weights.
        ManifestDamaged: a manifest can't be understood.
    """
    layout = store.settings.layout
    manifests = tuple(sorted(layout.manifests.glob("*.json")))
    if not manifests:
        raise NothingToProtect(root=layout.root)
    loaded = (manifest.load(one) for one in manifests)
    weights = tuple(Weights(one, store.snapshot(Model(one.model, one.revision))) for one in loaded)
    small = (layout.marker, layout.users, destinations.path(layout))
    people = (one for one in sorted(layout.people.glob("*")) if one.is_dir() and not one.is_symlink())
    return Contents(data_id, weights, manifests, tuple(one for one in small if one.is_file()), tuple(people))
