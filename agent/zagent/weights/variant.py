"""Converted weights: what they are called, and which of the hub's files they stand for. Pure.

The names are those that diffusers and transformers give to a variant (``_add_variant`` in both), beside the hub's own
files, so that ``from_pretrained(…, variant="bf16")`` finds them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import TypeVar

from zagent.weights.manifest import File, Manifest
from zagent.weights.needed import Listed

NAME = "bf16"
PRECISION = "bfloat16"
"""What the variant's name means, as torch calls it."""

_START = r"(?P<component>[^/]+)/(?P<stem>diffusion_pytorch_model|model)"
"""The two names that diffusers and transformers look for in a component's folder."""
_VARIANT = rf"(?P<variant>\.{NAME})?"
_WEIGHTS = re.compile(rf"{_START}{_VARIANT}(?P<shard>-\d{{5}}-of-\d{{5}})?\.safetensors")
_INDEX = re.compile(rf"{_START}\.safetensors\.index{_VARIANT}\.json")

F = TypeVar("F", File, Listed)


def converted(path: str) -> str | None:
    """What the weights file or index ``path`` is called once it is converted; None where it is neither."""
    found = _match(path)
    return _spelt(found, f".{NAME}") if found and not found["variant"] else None


def original(path: str) -> str | None:
    """What the converted file ``path`` was made from; None where it has no such name."""
    found = _match(path)
    return _spelt(found, "") if found and found["variant"] else None


def is_index(path: str) -> bool:
    """Whether it tells in which shard each tensor is."""
    return bool(_INDEX.fullmatch(path))


def component(path: str) -> str:
    """The folder that a file of a component lies in."""
    return path.partition("/")[0]


def by_component(paths: Iterable[str]) -> dict[str, set[str]]:
    """The paths that lie in each component's folder."""
    found: dict[str, set[str]] = {}
    for path in paths:
        found.setdefault(component(path), set()).add(path)
    return found


def _match(path: str) -> re.Match[str] | None:
    return _WEIGHTS.fullmatch(path) or _INDEX.fullmatch(path)


def _spelt(found: re.Match[str], variant: str) -> str:
    parts = found.groupdict()
    if "shard" in parts:
        return f"{parts['component']}/{parts['stem']}{variant}{parts['shard'] or ''}.safetensors"
    return f"{parts['component']}/{parts['stem']}.safetensors.index{variant}.json"


def originals(files: Iterable[F]) -> dict[str, list[F]]:
    """The weights files and indexes that can be converted, by component."""
    found: dict[str, list[F]] = {}
    for one in files:
        if converted(one.path):
            found.setdefault(component(one.path), []).append(one)
    return found


def unfinished(paths: Collection[str]) -> set[str]:
    """The files with a converted one's name in a component that has originals of which not all are there converted.

    So a conversion that was killed leaves them; without a manifest nothing else tells.
    """
    there = by_component(filter(converted, paths))
    left = {name for name, those in there.items() if any(converted(one) not in paths for one in those)}
    return {path for path in paths if original(path) and component(path) in left}


def made_here(manifest: Manifest) -> tuple[File, ...]:
    """The files that a conversion made: they have a variant's name, and no hub listed their hash."""
    return tuple(one for one in manifest.files if original(one.path) and not one.confirmed)


def unconfirmed(manifest: Manifest) -> list[str]:
    """The paths whose hash is our own reading, but for those of files that are our own."""
    ours = {one.path for one in made_here(manifest)}
    return [path for path in manifest.unconfirmed if path not in ours]


def has_variant(manifest: Manifest, name: str) -> bool:
    """Whether the component is there as a variant, be it ours or the hub's own."""
    return any(original(one.path) and component(one.path) == name for one in manifest.files)


def superseded(manifest: Manifest) -> list[File]:
    """The originals of every component that is there converted, file by file; of any other none."""
    ours = {one.path for one in made_here(manifest)}
    found = originals(manifest.files).values()
    return [one for files in found if all(converted(each.path) in ours for each in files) for one in files]


def to_load(manifest: Manifest, precision: str) -> frozenset[str]:
    """The components to load from their converted files: all that have them, where they run in bfloat16.

    In another precision the originals still tell more, so those are loaded as long as they are there.
    """
    there = originals(manifest.files)
    ours = {component(one.path) for one in made_here(manifest)}
    return frozenset(one for one in ours if precision == PRECISION or one not in there)
