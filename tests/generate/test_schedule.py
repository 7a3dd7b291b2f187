"""8 and 9 steps both mean the distilled schedule, and it is the one that diffusers walks."""

from __future__ import annotations

import pytest
from zagent.errors import UsageError
from zagent.generate import schedule
from zagent.generate.request import Request
from zagent.weights.store import Store

from tests.generate.conftest import PROMPT, SMALL, Watch, images

DISTILLED = [1, 0.954545, 0.9, 0.833333, 0.75, 0.642857, 0.5, 0.3, 0]
"""What the model was distilled on; diffusers 0.42 walks it for 8 steps, diffusers 0.38 did for 9."""


@pytest.mark.parametrize(("steps", "evaluations"), [(8, 8), (9, 8), (1, 1), (4, 4), (10, 10), (100, 100)])
def test_steps_become_evaluations(steps: int, evaluations: int) -> None:
    """The model card's 9 means 8; every other number means itself."""
    assert schedule.evaluations(steps) == evaluations


@pytest.mark.parametrize("steps", [0, -1, 101])
def test_impossible_steps_are_refused(steps: int) -> None:
    """No evaluation at all, or more than anyone means, is a usage error."""
    with pytest.raises(UsageError, match=f"--steps {steps} must be between 1 and 100"):
        Request(PROMPT, steps=steps)


def test_only_other_schedules_are_warned_about() -> None:
    """8 and 9 are silent; 7 and 10 are told to leave the distilled schedule."""
    assert [schedule.warning(steps) is None for steps in (7, 8, 9, 10)] == [False, True, True, False]


@pytest.mark.engine
@pytest.mark.parametrize("steps", [8, 9])
def test_the_distilled_sigmas_are_walked_and_recorded(store: Store, steps: int) -> None:
    """The record of an image of 8 or 9 steps holds the nine pinned noise levels."""
    (made,) = images(store, Request(PROMPT, SMALL, steps))
    assert list(made.record.sigmas) == DISTILLED
    assert (made.record.steps, made.record.evaluations) == (steps, 8)


@pytest.mark.engine
def test_sigmas_are_those_of_diffusers() -> None:
    """The pipeline's own default gives the scheduler our levels: the distilled ones to the bit, others to rounding."""
    import torch
    from diffusers import FlowMatchEulerDiscreteScheduler
    from diffusers.pipelines.z_image.pipeline_z_image import get_default_z_image_sigmas

    ours, theirs = (FlowMatchEulerDiscreteScheduler(shift=3.0) for _ in range(2))
    for count in range(1, schedule.MOST_STEPS + 1):
        ours.set_timesteps(sigmas=schedule.sigmas(count))
        theirs.set_timesteps(sigmas=get_default_z_image_sigmas(count))
        assert torch.allclose(ours.sigmas, theirs.sigmas, rtol=0, atol=1e-6)
        assert count != schedule.EVALUATIONS or torch.equal(ours.sigmas, theirs.sigmas)


@pytest.mark.engine
@pytest.mark.parametrize(("steps", "evaluations"), [(8, 8), (9, 8), (4, 4)])
def test_each_component_runs_as_often_as_it_must(store: Store, watch: Watch, steps: int, evaluations: int) -> None:
    """One text encoding, the schedule's evaluations, one decoding: nothing runs in vain."""
    images(store, Request(PROMPT, SMALL, steps))
    assert watch.runs == {"text_encoder": 1, "transformer": evaluations, "vae": 1}
