"""A small repository whose transformer and VAE are in float32, as the real transformer is; made without torch."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from tests.weights import files

CONVERTED = {
    **{
        f"transformer/diffusion_pytorch_model-0000{one}-of-00003.safetensors": (
            f"transformer/diffusion_pytorch_model.bf16-0000{one}-of-00003.safetensors"
        )
        for one in (1, 2, 3)
    },
    "transformer/diffusion_pytorch_model.safetensors.index.json": (
        "transformer/diffusion_pytorch_model.safetensors.index.bf16.json"
    ),
    files.VAE: "vae/diffusion_pytorch_model.bf16.safetensors",
}
"""The names of the files that are converted, and those that they get."""

ODD = (0x7F800000, 0xFF800000, 0x00000001, 0x80000001, 0x007FFFFF, 0x00000000, 0x80000000, 0x7F7FFFFF, 0x3F808000)
"""Both infinities, denormals, both zeros, the largest number, which becomes infinity, and a tie."""
NAN = 0x7FC00001


@dataclass(frozen=True)
class Tensor:
    """One tensor of a file."""

    dtype: str
    shape: tuple[int, ...]
    content: bytes


def floats(count: int, seed: int = 0, *also: int) -> Tensor:
    """So many float32 numbers of any bits, those that are not numbers left out; ``also`` stand at the end."""
    chance = random.Random(seed)
    bits = [one if one & 0x7F800000 != 0x7F800000 else 0 for one in (chance.getrandbits(32) for _ in range(count))]
    both = [*bits, *also]
    return Tensor("F32", (len(both),), struct.pack(f"<{len(both)}I", *both))


def safetensors(tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None, pad: int = 0) -> bytes:
    """A valid file with these tensors in this order; ``pad`` spaces behind its head move its numbers."""
    head: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    at = 0
    for name, one in tensors.items():
        head[name] = {"dtype": one.dtype, "shape": one.shape, "data_offsets": [at, at + len(one.content)]}
        at += len(one.content)
    packed = json.dumps(head).encode() + b" " * pad
    return len(packed).to_bytes(8, "little") + packed + b"".join(one.content for one in tensors.values())


def needed(seed: int = 0) -> dict[str, bytes]:
    """As ``files.needed``, with numbers where those have bytes."""
    content = files.needed(seed)
    shards = sorted(path for path in CONVERTED if "-of-" in path)
    weight_map: dict[str, str] = {}
    for number, path in enumerate(shards):
        tensors = {
            f"block.{number}.weight": floats(30_000, 10 * seed + number, *ODD),
            f"block.{number}.steps": Tensor("I64", (2,), struct.pack("<2q", number, seed)),
        }
        content[path] = safetensors(tensors, {"format": "pt"}, pad=number)
        weight_map |= dict.fromkeys(tensors, path.partition("/")[2])
    index = {"metadata": {"total_size": sum(len(content[path]) for path in shards)}, "weight_map": weight_map}
    content["transformer/diffusion_pytorch_model.safetensors.index.json"] = json.dumps(index).encode()
    content[files.VAE] = safetensors({"decoder.weight": floats(20_000, seed)}, {"format": "pt"})
    return content


def repository(seed: int = 0) -> dict[str, bytes]:
    """What the hub serves."""
    return needed(seed) | dict.fromkeys(files.DECOYS, b"not for you")
