"""A small model repository whose safetensors are valid, made without torch."""

from __future__ import annotations

import json
import random
from pathlib import Path

SHARDS = 3
DECOYS = ("README.md", ".gitattributes", "configuration.json", "assets/showcase.jpg")
HOSTILE = (
    "transformer/diffusion_pytorch_model.bin",
    "text_encoder/model.pt",
    "model.ckpt",
    "vae/evil.py",
    "vae/weights.pkl",
    "vae/config.json.py",
    "tokenizer/tokenizer.model",
)
INDEX = {
    "_class_name": "ZImagePipeline",
    "_diffusers_version": "0.42.1",
    "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
    "text_encoder": ["transformers", "Qwen3Model"],
    "tokenizer": ["transformers", "Qwen2Tokenizer"],
    "transformer": ["diffusers", "ZImageTransformer2DModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}
SHARD = "transformer/diffusion_pytorch_model-00002-of-00003.safetensors"
VAE = "vae/diffusion_pytorch_model.safetensors"


def safetensors(size: int, seed: int) -> bytes:
    """A valid file with one tensor of ``size`` random bytes."""
    head = json.dumps({"weight": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    return len(head).to_bytes(8, "little") + head + random.Random(seed).randbytes(size)


def needed(seed: int = 0, shard: int = 200_000) -> dict[str, bytes]:
    """The files that a pull must fetch; another seed gives other weights of the same sizes."""
    files = {"model_index.json": json.dumps(INDEX).encode(), VAE: safetensors(shard // 2, seed)}
    for folder, stem in (("transformer", "diffusion_pytorch_model"), ("text_encoder", "model")):
        for number in range(1, SHARDS + 1):
            name = f"{folder}/{stem}-{number:05}-of-{SHARDS:05}.safetensors"
            files[name] = safetensors(shard, 1000 * seed + 10 * len(stem) + number)
        files[f"{folder}/{stem}.safetensors.index.json"] = b'{"weight_map": {}}'
    for folder in ("transformer", "text_encoder", "vae"):
        files[f"{folder}/config.json"] = b"{}"
    texts = ("vocab.json", "merges.txt", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja")
    files |= {f"tokenizer/{name}": name.encode() for name in texts}
    return {**files, "scheduler/scheduler_config.json": b'{"shift": 3.0}'}


def repository(seed: int = 0, shard: int = 200_000, *, hostile: bool = False) -> dict[str, bytes]:
    """What the hub serves: the needed files and those that must not be fetched."""
    return needed(seed, shard) | dict.fromkeys((*DECOYS, *(HOSTILE if hostile else ())), b"not for you")


def written(folder: Path, files: dict[str, bytes]) -> Path:
    """``folder`` with ``files`` in it."""
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return folder


def below(folder: Path) -> dict[str, bytes]:
    """The content of every file below ``folder``."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def flip(path: Path, at: int = -1) -> None:
    """Change one byte in the middle, or at a place, and keep the size."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2 if at < 0 else at] ^= 0xFF
    path.write_bytes(content)
