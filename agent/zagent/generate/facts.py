"""What a snapshot's own files tell about the model: read in milliseconds, before anything is loaded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zagent.errors import NotAModel, WeightsDamaged
from zagent.generate.request import MULTIPLE, Size
from zagent.weights import safetensors
from zagent.weights.needed import INDEX

PIPELINE = "ZImagePipeline"
COMPONENTS = ("text_encoder", "transformer", "vae")


@dataclass(frozen=True)
class ModelFacts:
    """Parameters of each component, the largest image, and the widths that decide how much memory is needed."""

    parameters: dict[str, int]
    largest: Size
    vae_width: int
    transformer_width: int


def read(folder: Path, model: str) -> ModelFacts:
    """Read the facts of the snapshot in ``folder``.

    Raises:
        NotAModel: it is not a Z-Image pipeline.
        WeightsDamaged: a file does not hold what it should.
    """
    try:
        index = _json(folder / INDEX)
        if index.get("_class_name") != PIPELINE:
            raise NotAModel(model=model, why=f"it is a {index.get('_class_name')}, not a {PIPELINE}")
        return _facts(folder)
    except (KeyError, TypeError, ValueError, IndexError, OSError) as error:
        raise WeightsDamaged(model=model, why=f"its configuration can't be read: {error}") from error


def _facts(folder: Path) -> ModelFacts:
    transformer, vae = _json(folder / "transformer/config.json"), _json(folder / "vae/config.json")
    _, rows, columns = transformer["axes_lens"]
    return ModelFacts(
        parameters={name: safetensors.parameters(folder / name) for name in COMPONENTS},
        largest=Size(columns * MULTIPLE, rows * MULTIPLE),
        vae_width=vae["block_out_channels"][0],
        transformer_width=transformer["dim"],
    )


def _json(path: Path) -> dict[str, Any]:
    found = json.loads(path.read_bytes())
    if not isinstance(found, dict):
        raise ValueError(f"{path.name} is not a JSON object")
    return found
