"""``zagent replay``: make a recorded image again and compare the pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from zagent.errors import ReplayDiffers
from zagent.generate import record
from zagent.generate.session import Job, Made, OnStep, Say, run
from zagent.weights.store import Store


@dataclass(frozen=True)
class Replayed:
    """The new image, and how many of its pixels differ from the file's."""

    made: Made
    different: int


def replay(
    path: Path, store: Store, *, device: str = "auto", say: Say, on_step: OnStep = lambda image, step: None
) -> Replayed:
    """Make the image in ``path`` again, with its own recipe.

    Raises:
        UsageError: the file carries no recipe.
        ReplayDiffers: the weights on this volume are not those it was made with; nothing was loaded.
        ZagentError: as for any image.
    """
    recipe, before = record.read(path)
    present = store.present(recipe.weights)
    if present.set_digest != recipe.set_digest:
        why = f"it was made with weights {recipe.set_digest}, here are {present.set_digest}"
        raise ReplayDiffers(path=path, why=why)
    _warn(recipe, say)
    job = Job(store, recipe.weights, recipe.request, device, recipe.dtype, say, on_step)
    made = next(iter(run(job)))
    return Replayed(made, _different(before.tobytes(), made.image.tobytes()))


def _warn(recipe: record.Record, say: Callable[[str], None]) -> None:
    say(f"{recipe.width}x{recipe.height}, seed {recipe.seed}, {recipe.evaluations} evaluations in {recipe.dtype}")


def _different(before: bytes, after: bytes) -> int:
    """The pixels (3 bytes each) that differ; all of them when the sizes do."""
    if before == after:
        return 0
    if len(before) != len(after):
        return max(len(before), len(after)) // 3
    return sum(before[at : at + 3] != after[at : at + 3] for at in range(0, len(before), 3))
