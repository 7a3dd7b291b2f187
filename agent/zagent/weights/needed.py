"""Which files of a repository are needed, and whether it is safe to have them. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any

from zagent.errors import NotAModel

INDEX = "model_index.json"
WANTED = ("*.json", "*.jinja", "*.txt", "*.safetensors")
LIBRARIES = ("diffusers", "transformers")
"""Where a component's code may come from: never from the repository itself."""

_WITHOUT_WEIGHTS = ("Scheduler", "Tokenizer", "TokenizerFast", "Processor", "FeatureExtractor")

_SHARD = re.compile(r"(?P<stem>.*)-\d{5}-of-(?P<count>\d{5})\.safetensors")
"""How diffusers and transformers name the parts of one component's weights."""


@dataclass(frozen=True)
class Listed:
    """A file as a listing shows it: path, bytes, and its SHA-256 where it is told."""

    path: str
    size: int
    sha256: str | None = None


def select(listing: Iterable[Listed], index: bytes, model: str) -> list[Listed]:
    """The files to have, sorted: the index and, of each component, configuration, vocabulary and safetensors.

    Whatever can carry code when it is loaded (pickles, .bin, .pt, .ckpt, .py) is never among them.

    Raises:
        NotAModel: it is no pipeline's index, or asks for code that is not diffusers' or transformers' own; a path
            leads out of the folder; a component has no files, no safetensors, or not all of its shards.
    """
    files = {one.path: one for one in listing}
    for path in files:
        _inside(path, model)
    wanted = [files[INDEX]] if INDEX in files else []
    for name, cls in sorted(_components(index, model).items()):
        found = [one for one in files.values() if one.path.startswith(f"{name}/") and is_wanted(one.path)]
        _complete(name, cls, {one.path for one in found}, model)
        wanted += found
    return sorted(wanted, key=lambda one: one.path)


def is_wanted(path: str) -> bool:
    """Whether a file of this name holds data only."""
    return any(fnmatchcase(PurePosixPath(path).name, pattern) for pattern in WANTED)


def _components(index: bytes, model: str) -> dict[str, str]:
    """The class of each component that ``model_index.json`` names."""
    try:
        found: dict[str, Any] = json.loads(index)
        pipeline = found["_class_name"]
    except (ValueError, KeyError, TypeError) as error:
        raise NotAModel(model=model, why=f"its {INDEX} is no pipeline's index") from error
    if not isinstance(pipeline, str):
        raise NotAModel(model=model, why="its pipeline is code of its own")
    pairs = {name: value for name, value in found.items() if isinstance(value, list) and len(value) == 2}
    for name, (library, _) in pairs.items():
        if library is not None and library not in LIBRARIES:
            raise NotAModel(model=model, why=f"its component {name} wants code from {library!r}")
    return {name: str(cls) for name, (library, cls) in pairs.items() if library is not None}


def is_inside(path: str) -> bool:
    """Whether it is one plain name below another; a line break would also spoil the fingerprint."""
    pure = PurePosixPath(path)
    plain = path == str(pure) and path.isprintable() and "\\" not in path
    return plain and not pure.is_absolute() and ".." not in pure.parts


def _inside(path: str, model: str) -> None:
    if not is_inside(path):
        raise NotAModel(model=model, why=f"its listing names {path!r}, which is no path inside the folder")


def _complete(name: str, cls: str, found: set[str], model: str) -> None:
    if not found:
        raise NotAModel(model=model, why=f"its component {name} has no files")
    has_weights = any(path.endswith(".safetensors") for path in found)
    if not has_weights and not cls.endswith(_WITHOUT_WEIGHTS):
        raise NotAModel(model=model, why=f"its component {name} has no safetensors, only formats that can run code")
    lacking = sorted(_all_shards(found) - found)
    if lacking:
        raise NotAModel(model=model, why=f"its component {name} lacks {', '.join(lacking[:3])}")


def _all_shards(paths: set[str]) -> set[str]:
    """The names of every part, for each set of parts of which one is there."""
    sets = {(one["stem"], one["count"]) for path in paths if (one := _SHARD.fullmatch(path))}
    return {f"{stem}-{number:05}-of-{count}.safetensors" for stem, count in sets for number in range(1, int(count) + 1)}
