"""Where a model's files lie on the data root, and whether they are there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from zagent.errors import CacheElsewhere, ModelMissing, WeightsDamaged
from zagent.settings import MODELSCOPE_CACHE, Settings
from zagent.volume import disk, mounts
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
        """Make sure that the folder of ``model`` and all in it lie on the data root, wherever links and mounts lead.

        Raises:
            CacheElsewhere: it does not.
        """
        snapshot = self.snapshot(model)
        if self._leads_off(snapshot):
            what = f"MODELSCOPE_CACHE={self.cache} ({self.settings.origin(MODELSCOPE_CACHE)})"
            raise self._elsewhere(what, f'unset {MODELSCOPE_CACHE}; eval "$(zagent env)"')
        for path in snapshot.rglob("*"):
            if path.is_symlink() and self._leads_off(path):
                raise self._elsewhere(f"the link {path}", f"rm {quote(str(path))}   takes away the link alone")
        self._require_one_filesystem(snapshot)

    def _leads_off(self, path: Path) -> bool:
        """By realpath: ``resolve`` raises where a link leads to itself."""
        return Path(os.path.realpath(self.settings.data_root)) not in Path(os.path.realpath(path)).parents

    def _require_one_filesystem(self, snapshot: Path) -> None:
        """Another disk, or a folder of the system's, mounted below the data root is not what the marker proves."""
        root = self.settings.data_root
        nearest = next(one for one in (snapshot, *snapshot.parents) if one.exists())
        if root.exists() and _filesystem(nearest) != _filesystem(root):
            over = mounts.of(nearest)
            path = over.path if over else nearest
            raise self._elsewhere(f"the mount {path}", f"umount {quote(str(path))}")

    def _elsewhere(self, what: str, hint: str) -> CacheElsewhere:
        return CacheElsewhere(what=what, root=self.settings.data_root, hint=hint)

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


def _filesystem(path: Path) -> str | int:
    """Its uuid, which the subvolumes of one filesystem share; its device number where it has none."""
    return disk.filesystem_uuid(path) or path.stat().st_dev


def held(path: Path) -> int:
    """The bytes of the file ``path``, -1 where there is none: an empty file is one, too."""
    return path.stat().st_size if path.is_file() else -1


def wrong_sizes(folder: Path, wanted: manifest.Manifest) -> list[str]:
    """A line for each file that is missing or has another size."""
    return [line for one in wanted.files if (line := _wrong_size(folder / one.path, one))]


def _wrong_size(path: Path, wanted: manifest.File) -> str | None:
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return f"{wanted.path} is missing"
    except OSError as error:
        return f"{wanted.path} can't be looked at: {error.strerror}"
    return None if size == wanted.size else f"{wanted.path} has {size} bytes instead of {wanted.size}"
