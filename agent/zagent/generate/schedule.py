"""Steps and sigmas of the distilled schedule. Pure.

Z-Image-Turbo is distilled to 8 evaluations of its transformer. The model card's ``num_inference_steps=9`` meant
those same 8 (its loop skipped the last), while diffusers since 0.39 takes 9 literally and leaves the schedule the
model was distilled on (huggingface/diffusers#13730). So 8 and 9 both mean 8 here.
"""

from __future__ import annotations

from zagent.errors import UsageError

EVALUATIONS = 8
MODEL_CARD_STEPS = 9
MOST_STEPS = 100


def evaluations(steps: int) -> int:
    """How often the transformer runs when a person asks for ``steps``.

    Raises:
        UsageError: fewer than 1, or more than anyone can mean.
    """
    if not 1 <= steps <= MOST_STEPS:
        raise UsageError(detail=f"--steps {steps} must be between 1 and {MOST_STEPS}")
    return EVALUATIONS if steps == MODEL_CARD_STEPS else steps


def warning(steps: int) -> str | None:
    """What to tell a person who leaves the distilled schedule."""
    if evaluations(steps) == EVALUATIONS:
        return None
    return f"{steps} steps leave the distilled schedule of {EVALUATIONS} evaluations: expect a lesser image"


def sigmas(count: int) -> list[float]:
    """The noise levels given to the scheduler, before its shift: ``count`` even steps from 1 to 1/count."""
    return [1 - index / count for index in range(count)]
