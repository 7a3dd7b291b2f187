"""What is written into a PNG so that it can be made again. Pure but for ``read`` and ``encode``."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_origin, get_type_hints

from zagent.errors import UsageError
from zagent.generate.request import Request, Size
from zagent.weights.model import Model

if TYPE_CHECKING:
    from PIL.Image import Image

KEY = "zagent"
SCHEMA = 1


@dataclass(frozen=True)
class Record:
    """One image's recipe: what was asked, with which weights, and on what it ran."""

    prompt: str
    seed: int
    width: int
    height: int
    steps: int
    evaluations: int
    sigmas: tuple[float, ...]
    guidance: float
    model: str
    revision: str
    set_digest: str
    dtype: str
    device: str
    versions: dict[str, str]
    schema: int = SCHEMA

    @property
    def request(self) -> Request:
        """The request that makes this one image again."""
        return Request(self.prompt, Size(self.width, self.height), self.steps, self.guidance, self.seed)

    @property
    def weights(self) -> Model:
        """The model it was made with."""
        return Model(self.model, self.revision)


def encode(image: Image, record: Record) -> bytes:
    """The PNG file's bytes: the pixels and the record in one iTXt chunk, so that any script's prompt fits."""
    from PIL.PngImagePlugin import PngInfo

    info, buffer = PngInfo(), io.BytesIO()
    info.add_itxt(KEY, json.dumps(asdict(record), ensure_ascii=False), zip=False)
    image.save(buffer, "PNG", pnginfo=info, compress_level=4)
    return buffer.getvalue()


def read(path: Path) -> tuple[Record, Image]:
    """The record and the pixels of a PNG that zagent made.

    Raises:
        UsageError: there is no such file, it is no image, or it carries no record this version knows.
    """
    from PIL import Image

    try:
        with Image.open(path, formats=["PNG"]) as opened:
            opened.load()
            found, image = opened.info.get(KEY), opened.copy()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UsageError(detail=f"{path} can't be read as a PNG: {_reason(error)}") from error
    if not isinstance(found, str):
        raise UsageError(detail=f"{path} carries no zagent record: it was not made by zagent, or was saved anew")
    return parse(found, path), image


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error).split(":")[0]


def parse(text: str, path: Path) -> Record:
    """Understand a record's text, which anyone may have written.

    Raises:
        UsageError: it is damaged, or of a schema this version does not know.
    """
    try:
        found: dict[str, Any] = json.loads(text)
        if found["schema"] != SCHEMA:
            raise ValueError(f"schema {found['schema']} is not known to this version")
        return _typed(Record(**{**found, "sigmas": tuple(map(float, found["sigmas"]))}))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise UsageError(detail=f"the zagent record of {path} can't be understood: {error}") from error


def _typed(found: Record) -> Record:
    for name, kind in get_type_hints(Record).items():
        value = getattr(found, name)
        if not isinstance(value, get_origin(kind) or kind):
            raise ValueError(f"{name} is {value!r}")
    if not all(isinstance(version, str) for version in found.versions.values()):
        raise ValueError(f"versions is {found.versions!r}")
    return found
