"""The head of a safetensors file, read without torch (format: github.com/huggingface/safetensors, "Format")."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LONGEST_HEAD = 100 * 1024 * 1024
"""Bytes; the format's own limit."""


@dataclass(frozen=True)
class Head:
    """What stands before the numbers: each tensor's dtype, shape and data_offsets, the file's own notes, and the bytes
    that say so, their length before them.
    """

    tensors: dict[str, Any]
    metadata: dict[str, str]
    content: bytes


def head(path: Path) -> dict[str, Any]:
    """The tensors of a file by name, each with dtype, shape and data_offsets.

    Raises:
        ValueError: it is no safetensors file, or it was cut short.
        OSError: it can't be read.
    """
    return read(path).tensors


def read(path: Path) -> Head:
    """The whole head.

    Raises:
        ValueError: it is no safetensors file, or it was cut short.
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        before = file.read(8)
        length = int.from_bytes(before, "little")
        if not 2 <= length <= LONGEST_HEAD:
            raise ValueError(f"{path.name} is no safetensors file")
        content = file.read(length)
    try:
        tensors: dict[str, Any] = json.loads(content)
        metadata = dict(tensors.pop("__metadata__", None) or {})
        end = max((int(one["data_offsets"][1]) for one in tensors.values()), default=0)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise ValueError(f"{path.name} is no safetensors file") from error
    if 8 + length + end != path.stat().st_size:
        raise ValueError(f"{path.name} was cut short: {path.stat().st_size} of {8 + length + end} bytes")
    return Head(tensors, metadata, before + content)


def parameters(folder: Path) -> int:
    """The number of parameters in a component's folder; a tensor that is there in two precisions counts once."""
    files = sorted(folder.glob("*.safetensors"))
    shapes = {name: one["shape"] for file in files for name, one in head(file).items()}
    return sum(math.prod(shape) for shape in shapes.values())
