"""A data root that holds the tiny pipeline, and a watch over the components that the engine loads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from weakref import ref

import pytest
from typer.testing import CliRunner, Result
from zagent import settings
from zagent.cli.commands import app
from zagent.generate import memory
from zagent.generate.request import Request, Size
from zagent.generate.session import Job, Made, run
from zagent.volume.adopt import adopt as adopt_volume
from zagent.volume.suitable import Ask
from zagent.weights.adopt import adopt as adopt_weights
from zagent.weights.model import Model
from zagent.weights.progress import Progress
from zagent.weights.store import Store

from tests.standin import save_tiny_pipeline

SMALL = Size(64, 64)
PROMPT = "a red fox 狐狸"
Command = Callable[..., Result]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny pipeline as a folder."""
    return save_tiny_pipeline(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def root(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with the tiny pipeline under the real model's name, and its manifest."""
    made = tmp_path_factory.mktemp("data")
    adopt_volume(made, Ask(system_disk=True, minimum_free=0))
    adopt_weights(Store(settings.load(made, environ={})), Model(), tiny, Progress())
    return made


@pytest.fixture
def store(root: Path) -> Store:
    """The weights on the data root."""
    return Store(settings.load(root))


@pytest.fixture
def snapshot(store: Store) -> Path:
    """The folder of the tiny pipeline's files on the data root."""
    return store.snapshot(Model())


def images(store: Store, request: Request | None = None, **more: Any) -> list[Made]:
    """All images of a request, by default a small one."""
    return list(run(Job(store, Model(), request or Request(PROMPT, SMALL, seed=7), **more)))


@pytest.fixture
def zagent(root: Path) -> Command:
    """Run a command line in this process, on the data root."""

    def command(*words: object, stdin: bytes | None = None) -> Result:
        return CliRunner().invoke(app, ["--data-root", str(root), *map(str, words)], input=stdin)

    return command


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """So little memory that the tiny pipeline's components only fit one at a time."""
    monkeypatch.setattr(memory, "available", lambda: 3_600_000)


class Watch:
    """Every component as it is loaded: how often each ran, and which of the earlier ones were still in memory."""

    def __init__(self) -> None:
        self.runs: Counter[str] = Counter()
        self.loads: list[str] = []
        self.beside: list[str] = []
        self._loaded: list[tuple[str, ref[Any]]] = []
        self._on_run: dict[str, Callable[[int, Any], object]] = {}

    def when(self, name: str, act: Callable[[int, Any], object]) -> None:
        """Have ``act`` called with the number of the run (from 1) and the output each time ``name`` has run."""
        self._on_run[name] = act

    def loading(self, name: str) -> None:
        """Note that ``name`` is about to be loaded."""
        self.loads.append(name)
        self.beside += [f"{one} beside {name}" for one, alive in self._loaded if alive() is not None]

    def loaded(self, name: str, component: Any) -> None:
        """Note that ``name`` was loaded, and follow its runs."""
        self._loaded.append((name, ref(component)))
        runs = component.decoder if name == "vae" else component
        runs.register_forward_hook(lambda module, args, output: self._ran(name, output))

    def _ran(self, name: str, output: Any) -> None:
        self.runs[name] += 1
        if act := self._on_run.get(name):
            act(self.runs[name], output)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """A watch over the engine's components."""
    from zagent.generate.engine_load import Loader

    found, load = Watch(), Loader._component

    def watched(self: Loader, cls: Any, name: str) -> Any:
        found.loading(name)
        component = load(self, cls, name)
        found.loaded(name, component)
        return component

    monkeypatch.setattr(Loader, "_component", watched)
    return found
