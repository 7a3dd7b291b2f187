"""A data root, a hub, and a client that hardly waits before it tries again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from zagent import settings
from zagent.volume.adopt import adopt as adopt_volume
from zagent.volume.suitable import Ask
from zagent.weights import hub as zagent_hub
from zagent.weights.manifest import Manifest
from zagent.weights.model import Model
from zagent.weights.progress import Event, Progress
from zagent.weights.pull import Pulled, pull
from zagent.weights.store import Store
from zagent.weights.verify import Report, verify

from tests.standin import Hub
from tests.weights import files


@dataclass
class Site:
    """A data root beside a running hub, with the few things that nearly every test does."""

    root: Path
    hub: Hub
    events: list[Event]

    @property
    def store(self) -> Store:
        """The weights on the data root, as the environment says now."""
        return Store(settings.load(self.root))

    @property
    def snapshot(self) -> Path:
        """Where the model's files lie."""
        return self.root / "modelscope_cache/models/Tongyi-MAI--Z-Image-Turbo/snapshots/master"

    @property
    def manifest(self) -> Path:
        """Where the model's manifest lies."""
        return self.root / ".zagent/manifests/Tongyi-MAI--Z-Image-Turbo.json"

    def pull(self, model: Model = Model(), *, repair: bool = False) -> Pulled:  # noqa: B008 - it is frozen
        """Pull in this process; the events of its progress are kept."""
        self.events.clear()
        return pull(self.store, model, repair=repair, progress=Progress(self.events.append, interval=0))

    def present(self) -> Manifest:
        """The manifest if the weights count as there."""
        return self.store.present(Model())

    def verify(self, *, quick: bool = False) -> Report:
        """Compare the files with the manifest."""
        return verify(self.snapshot, self.store.recorded(Model()), quick=quick)

    def fetched(self) -> set[str]:
        """The files that were asked for since the log was reset."""
        return {one.file for one in self.hub.log if one.file}


def adopted(root: Path) -> Path:
    """``root`` as a data root, made where needed."""
    root.mkdir(exist_ok=True)
    adopt_volume(root, Ask(system_disk=True, minimum_free=0))
    return root


@pytest.fixture(autouse=True)
def hasty_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's waits and retries, cut short; it read its own settings when it was imported."""
    zagent_hub._library()
    from modelscope_hub import _download, _legacy_api

    monkeypatch.setattr(_download, "DOWNLOAD_RETRY_TIMES", 1)
    monkeypatch.setattr(_download, "DOWNLOAD_RETRY_MAX_DELAY_SECONDS", 0)
    monkeypatch.setattr(_download, "DOWNLOAD_INTEGRITY_RETRY_BACKOFF", 0)
    monkeypatch.setattr(_legacy_api, "REPO_TREE_PAGE_RETRY_MAX_DELAY_SECONDS", 0)
    monkeypatch.setattr(_legacy_api, "DOWNLOAD_TIMEOUT", 1)
    monkeypatch.setattr(zagent_hub, "PAUSE", 0)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A data root on the system disk, known to be at risk."""
    return adopted(tmp_path / "data")


@pytest.fixture
def repository() -> dict[str, bytes]:
    """What the hub serves: the small repository."""
    return files.repository()


@pytest.fixture
def hub(repository: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub that serves it."""
    with Hub(repository) as running:
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", running.url)
        yield running


@pytest.fixture
def site(root: Path, hub: Hub) -> Site:
    """The data root and the hub together."""
    return Site(root, hub, [])
