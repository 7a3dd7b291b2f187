"""``zagent replay``: make a recorded image again and compare the pixels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from zagent.errors import ReplayDiffers
from zagent.generate.record import Record
from zagent.generate.session import Job, Made, OnStep, Say, run
from zagent.weights import lineage
from zagent.weights.store import Store

if TYPE_CHECKING:
    from PIL.Image import Image


def again(path: Path, recipe: Record, store: Store, device: str, say: Say, on_step: OnStep) -> Made:
    """Make the image in ``path`` again, with the ``recipe`` it carries.

    Raises:
        ReplayDiffers: the weights on this volume are not those it was made with; nothing was loaded.
        ZagentError: as for any image.
    """
    present = store.present(recipe.weights)
    if recipe.set_digest not in lineage.same_images(store.snapshot(recipe.weights), present, recipe.dtype):
        why = f"it was made with weights {recipe.set_digest}, here are {present.set_digest}"
        raise ReplayDiffers(path=path, why=why)
    say(f"{recipe.width}x{recipe.height}, seed {recipe.seed}, {recipe.evaluations} evaluations in {recipe.dtype}")
    (made,) = run(Job(store, recipe.weights, recipe.request, device, recipe.dtype, say, on_step))
    return made


def differing(before: Image, after: Image) -> int:
    """The pixels that differ; all of them when the sizes do."""
    if before.size != after.size:
        return after.width * after.height
    old, new, width = before.convert(after.mode).tobytes(), after.tobytes(), len(after.getbands())
    if old == new:
        return 0
    return sum(old[at : at + width] != new[at : at + width] for at in range(0, len(new), width))
