"""Finding a model in a folder that something else made: an image's cache, an old ModelScope, a plain copy."""

from __future__ import annotations

from pathlib import Path

from zagent.errors import NotAModel
from zagent.volume.layout import folder_name
from zagent.weights import needed, safetensors, variant
from zagent.weights.model import Model


def locate(path: Path, model: Model) -> Path:
    """The folder below ``path`` that holds the model's files.

    Raises:
        NotAModel: none of the known layouts holds it.
    """
    for folder in layouts(path, model):
        if (folder / needed.INDEX).is_file():
            return folder
    raise NotAModel(model=model.id, why=f"{path} holds no {needed.INDEX}, nor does any cache layout below it")


def layouts(path: Path, model: Model) -> list[Path]:
    """Where the model may lie: the folder itself, today's cache layout, those of modelscope 1.37 and before (which
    wrote dots in names as ___), and the Hugging Face cache's.
    """
    owner, name = model.id.split("/")
    roots = [path, path / "models", path / "hub" / "models", path / "hub"]
    new = [root / folder_name(model.id) / "snapshots" / model.revision for root in roots]
    old = [root / owner / spelt for root in roots for spelt in (name, name.replace(".", "___"))]
    face = [root / f"models--{folder_name(model.id)}" / "snapshots" for root in (path, path / "hub")]
    return [
        path,
        *new,
        *old,
        *(one for folder in face if folder.is_dir() for one in sorted(folder.iterdir())),
    ]


def files(folder: Path, model: Model) -> list[needed.Listed]:
    """The needed files of the model in ``folder``, linked ones, too; folders behind links are not entered.

    What a killed conversion left is none.

    Raises:
        NotAModel: a component is missing or unsafe, or a weights file was cut short.
    """
    found = {one.relative_to(folder).as_posix(): one for one in folder.rglob("*") if one.is_file()}
    left = variant.unfinished(found.keys())
    listing = [needed.Listed(path, one.stat().st_size) for path, one in found.items() if path not in left]
    chosen = needed.select(listing, (folder / needed.INDEX).read_bytes(), model.id)
    for one in chosen:
        _whole(folder / one.path, model)
    return chosen


def _whole(path: Path, model: Model) -> None:
    if path.suffix != ".safetensors":
        return
    try:
        safetensors.head(path)
    except ValueError as error:
        raise NotAModel(model=model.id, why=str(error)) from error
