"""Which files of a repository are needed, and whether it is safe to have them. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Any

from zagent.errors import NotAModel

INDEX = "model_index.json"
WANTED = ("*.json", "*.jinja", "*.txt", "*.safetensors")
LIBRARIES = frozenset({"diffusers", "transformers"})
"""Where a component's code may come from: never from the repository itself."""

_WITHOUT_WEIGHTS = ("Scheduler", "Tokenizer", "TokenizerFast", "Processor", "FeatureExtractor")


@dataclass(frozen=True)
class Listed:
    """A file as a listing shows it: path, bytes, and its SHA-256 where it is told."""

    path: str
    size: int
    sha256: str | None = None


def components(index: bytes, model: str) -> list[str]:
    """The folders that ``model_index.json`` names.

    Raises:
        NotAModel: it is no pipeline's index, or asks for code that is not diffusers' or transformers' own.
    """
    named = _entries(index, model)
    for name, (library, _) in named.items():
        if library not in LIBRARIES:
            raise NotAModel(model=model, why=f"its component {name} wants code from {library!r}")
    return sorted(named)


def _entries(index: bytes, model: str) -> dict[str, tuple[str, str]]:
    try:
        found: dict[str, Any] = json.loads(index)
        pipeline = found["_class_name"]
    except (ValueError, KeyError, TypeError) as error:
        raise NotAModel(model=model, why=f"its {INDEX} is no pipeline's index") from error
    if not isinstance(pipeline, str):
        raise NotAModel(model=model, why="its pipeline is code of its own")
    pairs = {name: value for name, value in found.items() if isinstance(value, list) and len(value) == 2}
    return {name: (one[0], one[1]) for name, one in pairs.items() if one[0] is not None}


def select(listing: Iterable[Listed], index: bytes, model: str) -> list[Listed]:
    """The files to have, sorted: the index and, of each component, configuration, vocabulary and safetensors.

    Whatever can carry code when it is loaded (pickles, .bin, .pt, .ckpt, .py) is never among them.

    Raises:
        NotAModel: a path leads out of the folder, or a component with weights has none as safetensors.
    """
    files = {one.path: one for one in listing}
    for path in files:
        _inside(path, model)
    wanted = [files[INDEX]] if INDEX in files else []
    for name, (_, cls) in sorted(_entries(index, model).items()):
        found = [one for one in files.values() if one.path.startswith(f"{name}/") and is_wanted(one.path)]
        _complete(name, cls, found, model)
        wanted += found
    return sorted(wanted, key=lambda one: one.path)


def is_wanted(path: str) -> bool:
    """Whether a file of this name holds data only."""
    return any(fnmatch(PurePosixPath(path).name, pattern) for pattern in WANTED)


def _inside(path: str, model: str) -> None:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or "\\" in path or "\0" in path:
        raise NotAModel(model=model, why=f"its listing names {path!r}, which leads out of the folder")


def _complete(name: str, cls: str, found: list[Listed], model: str) -> None:
    if not found:
        raise NotAModel(model=model, why=f"its component {name} has no files")
    has_weights = any(one.path.endswith(".safetensors") for one in found)
    if not has_weights and not str(cls).endswith(_WITHOUT_WEIGHTS):
        raise NotAModel(model=model, why=f"its component {name} has no safetensors, only formats that can run code")
