"""Twenty random lives of a data root and its copies; scripts/bench protect lives two hundred."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.filesystems.conftest import bench
from tests.filesystems.disks import Bench
from tests.protect import campaign

__all__ = ["bench"]

SEEDS = range(20)
STEPS = 10


@pytest.fixture
def small(bench: Bench) -> Path:
    """A disk that can be filled."""
    return bench.memory("8m")


@pytest.mark.root
@pytest.mark.parametrize("seed", SEEDS)
def test_no_random_life_costs_the_last_whole_copy(small: Path, seed: int) -> None:
    """Whatever is damaged, killed or full: zagent never takes the last whole copy away, and says what is so."""
    lived = campaign.live(small, seed, STEPS)
    assert len(lived.done) == STEPS
