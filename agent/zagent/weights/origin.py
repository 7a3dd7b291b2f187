"""Which file a converted one was made from, as it says itself: no manifest need remember what is gone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from zagent.weights import safetensors, variant
from zagent.weights.manifest import File

_SHA256, _SIZE = "zagent.made_from.sha256", "zagent.made_from.size"


@dataclass(frozen=True)
class Origin:
    """The SHA-256 in hex and the bytes of the file that was converted."""

    sha256: str
    size: int


def note(source: File) -> dict[str, str]:
    """What a file made from ``source`` must say of it, in its ``__metadata__`` or its index's ``metadata``. Pure."""
    return {_SHA256: source.sha256, _SIZE: str(source.size)}


def of(path: Path) -> Origin | None:
    """What the converted file ``path`` says; None where it says nothing, or can't be understood.

    Raises:
        OSError: it can't be read.
    """
    try:
        is_index = variant.is_index(f"{path.parent.name}/{path.name}")
        found = json.loads(path.read_bytes())["metadata"] if is_index else safetensors.read(path).metadata
        return Origin(str(found[_SHA256]), int(found[_SIZE]))
    except (ValueError, TypeError, KeyError):
        return None
