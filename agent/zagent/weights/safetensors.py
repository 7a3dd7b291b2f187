"""The head of a safetensors file, read without torch (format: github.com/huggingface/safetensors, "Format")."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

LONGEST_HEAD = 100 * 1024 * 1024
"""Bytes; the format's own limit."""


def head(path: Path) -> dict[str, Any]:
    """The tensors of a file by name, each with dtype, shape and data_offsets.

    Raises:
        ValueError: it is no safetensors file, or it was cut short.
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= LONGEST_HEAD:
            raise ValueError(f"{path.name} is no safetensors file")
        content = file.read(length)
    try:
        tensors: dict[str, Any] = json.loads(content)
        tensors.pop("__metadata__", None)
        end = max((int(one["data_offsets"][1]) for one in tensors.values()), default=0)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise ValueError(f"{path.name} is no safetensors file") from error
    if 8 + length + end != path.stat().st_size:
        raise ValueError(f"{path.name} was cut short: {path.stat().st_size} of {8 + length + end} bytes")
    return tensors


def parameters(folder: Path) -> int:
    """The number of parameters in all safetensors files of a component's folder."""
    files = sorted(folder.glob("*.safetensors"))
    return sum(math.prod(one["shape"]) for file in files for one in head(file).values())
