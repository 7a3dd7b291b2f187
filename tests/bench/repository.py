"""Large files on a hub of their own, and a data root to bring them to."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from zagent.settings import load
from zagent.volume import disk, marker
from zagent.volume.layout import Layout
from zagent.weights.model import Model
from zagent.weights.needed import INDEX
from zagent.weights.store import Store

from tests.standin import Hub

COMPONENT = "transformer"


def write(folder: Path, shards: int, size: int) -> None:
    """A repository of one component in ``shards`` files of ``size`` random bytes."""
    (folder / COMPONENT).mkdir(parents=True)
    index = {"_class_name": "ZImagePipeline", COMPONENT: ["diffusers", "ZImageTransformer2DModel"]}
    (folder / INDEX).write_text(json.dumps(index))
    (folder / COMPONENT / "config.json").write_text("{}")
    for number in range(shards):
        with (folder / COMPONENT / f"part-{number}.safetensors").open("wb") as file:
            for _ in range(size >> 20):
                file.write(os.urandom(1 << 20))


@dataclass(frozen=True)
class Bench:
    """One repository, its hub, and a data root."""

    work: Path
    hub: Hub

    @property
    def repository(self) -> Path:
        """What the hub serves."""
        return self.work / "repository"

    @property
    def copies(self) -> Path:
        """Where curl puts its files."""
        return self.work / "copies"

    @property
    def root(self) -> Path:
        """The data root."""
        return self.work / "data"

    @property
    def environ(self) -> dict[str, str]:
        """What zagent is run with."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.work),
            "ZAGENT_DATA_ROOT": str(self.root),
            "MODELSCOPE_ENDPOINT": self.hub.url,
        }

    @property
    def weights(self) -> list[Path]:
        """The large files on the data root."""
        snapshot = Store(load(self.root, environ={}, folder=self.work)).snapshot(Model())
        return sorted(snapshot.rglob("*.safetensors"))

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(one.stat().st_size for one in self.repository.rglob("*") if one.is_file())

    @property
    def largest(self) -> int:
        """Bytes of the largest file."""
        return max(one.stat().st_size for one in self.repository.rglob("*") if one.is_file())

    def adopt(self) -> None:
        """Mark the data root, on whatever disk it lies."""
        self.root.mkdir()
        marker.write(self.root, marker.new("system-disk", "any", disk.filesystem_uuid(self.root)))

    def forget(self) -> None:
        """Take the weights and their manifest away."""
        shutil.rmtree(self.root / "modelscope_cache", ignore_errors=True)
        shutil.rmtree(Layout(self.root).manifests, ignore_errors=True)

    def curl(self) -> list[str]:
        """The command that fetches the same files as fast as curl can, four at a time like zagent."""
        command = ["curl", "--silent", "--show-error", "--fail", "--parallel", "--parallel-max", "4", "--create-dirs"]
        for path in (one.relative_to(self.repository) for one in self.repository.rglob("*") if one.is_file()):
            url = f"{self.hub.url}/api/v1/models/{Model().id}/repo?Revision=master&FilePath={path}"
            command += ["--output", str(self.copies / path), url]
        return command
