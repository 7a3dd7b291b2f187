"""Where a model's files lie on the data root, and whether they are there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zagent.errors import CacheElsewhere, ModelMissing, WeightsDamaged
from zagent.settings import MODELSCOPE_CACHE, Settings
from zagent.volume.layout import folder_name
from zagent.weights import manifest
from zagent.weights.model import DEFAULT_REVISION, Model


@dataclass(frozen=True)
class Store:
    """The weights below one data root."""

    settings: Settings

    @property
    def cache(self) -> Path:
        """MODELSCOPE_CACHE."""
        return self.settings.modelscope_cache

    def snapshot(self, model: Model) -> Path:
        """The folder of a model's files: the hub's own layout, so that ModelScope code finds it by id."""
        return self.cache / "models" / folder_name(model.id) / "snapshots" / model.revision

    def manifest_path(self, model: Model) -> Path:
        """Where the manifest of ``model`` is kept; a revision of one's own choice has a manifest of its own."""
        path = self.settings.layout.manifest(model.id)
        return path if model.revision == DEFAULT_REVISION else path.with_name(f"{path.stem}@{model.revision}.json")

    def require_on_data_root(self, model: Model = Model()) -> None:  # noqa: B008 - it is frozen
        """Make sure that the folder of ``model`` lies on the data root, wherever links lead.

        Raises:
            CacheElsewhere: it does not.
        """
        if self.settings.data_root.resolve() not in self.snapshot(model).resolve().parents:
            origin = self.settings.origin(MODELSCOPE_CACHE)
            raise CacheElsewhere(cache=self.cache, root=self.settings.data_root, origin=origin)

    def find(self, model: Model) -> manifest.Manifest | None:
        """The manifest of ``model`` at its revision, or None.

        Raises:
            ManifestDamaged: it is there, but can't be understood, or is another model's.
        """
        return manifest.read(self.manifest_path(model), model)

    def recorded(self, model: Model) -> manifest.Manifest:
        """The manifest of ``model``, whatever lies beside it.

        Raises:
            ModelMissing: there is none, so no pull ever finished.
        """
        found = self.find(model)
        if found is None:
            raise ModelMissing(model=model.words, why="no finished download or adoption is recorded")
        return found

    def present(self, model: Model) -> manifest.Manifest:
        """The manifest, once every file it names has its size: that is what "the weights are there" means.

        Raises:
            ModelMissing: there is no manifest, so no pull ever finished.
            WeightsDamaged: a file is missing or has another size.
        """
        found = self.recorded(model)
        wrong = wrong_sizes(self.snapshot(model), found)
        if wrong:
            raise WeightsDamaged(model=model.words, why="; ".join(wrong))
        return found


def wrong_sizes(folder: Path, wanted: manifest.Manifest) -> list[str]:
    """A line for each file that is missing or has another size."""
    return [line for one in wanted.files if (line := _wrong_size(folder / one.path, one))]


def _wrong_size(path: Path, wanted: manifest.File) -> str | None:
    try:
        size = path.stat().st_size
    except OSError:
        return f"{wanted.path} is missing"
    return None if size == wanted.size else f"{wanted.path} has {size} bytes instead of {wanted.size}"
