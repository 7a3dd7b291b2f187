"""Files of a model repository that a program must not need, or must never load."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Final

_EXTRA: Final[dict[str, bytes]] = {
    "README.md": b"---\nlicense: apache-2.0\npipeline_tag: text-to-image\n---\n# Tiny Z-Image\n",
    ".gitattributes": b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n",
    "configuration.json": b'{"framework": "Pytorch", "task": "text-to-image-synthesis"}\n',
    # Starts and ends like a JPEG file; nobody decodes it.
    "assets/showcase.jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)) * 64 + b"\xff\xd9",
}
HOSTILE_FILES: Final = (
    "transformer/diffusion_pytorch_model.bin",
    "text_encoder/model.pt",
    "model.ckpt",
    "vae/evil.py",
)
_ALARM: Final = "raise RuntimeError('a hostile file was loaded')"


class _Alarm:
    """Unpickles by running code, as an attacker's weights would; all it does is raise."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, (_ALARM,)


def write_decoys(folder: Path) -> None:
    """Add the harmless extra files of a repository. Raises OSError."""
    _write(folder, _EXTRA)


def write_hostile_files(folder: Path) -> None:
    """Add HOSTILE_FILES, which raise RuntimeError when unpickled or imported. Raises OSError."""
    alarm = pickle.dumps(_Alarm(), protocol=2)
    script = f"{_ALARM}\n".encode()
    _write(folder, {path: script if path.endswith(".py") else alarm for path in HOSTILE_FILES})


def _write(folder: Path, files: dict[str, bytes]) -> None:
    for path, data in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
