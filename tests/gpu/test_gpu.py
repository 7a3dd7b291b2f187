"""The tiny pipeline on a real GPU."""

from __future__ import annotations

from pathlib import Path

import pytest
from zagent.errors import OutOfMemory
from zagent.generate.request import Request
from zagent.weights.store import Store

from tests.generate.conftest import PROMPT, SMALL, Watch, images, root, snapshot, store, tiny, watch

__all__ = ["root", "snapshot", "store", "tiny", "watch"]

pytestmark = [pytest.mark.gpu, pytest.mark.engine]


@pytest.fixture(autouse=True)
def _gpu() -> None:
    """Skip where there is none."""
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("needs a GPU that torch can use")


def test_an_image_is_made_in_bfloat16(store: Store) -> None:
    """The GPU is what "auto" takes, in bfloat16, and the plan fits."""
    (made,) = images(store)
    assert made.record.dtype == "bfloat16"
    assert made.record.device != "the CPU"
    assert made.image.size == (64, 64)


def test_both_plans_give_the_same_pixels(snapshot: Path) -> None:
    """Resident or one component at a time: not a pixel differs."""
    from zagent.generate.engine import Engine

    request, found = Request(PROMPT, SMALL, seed=7, count=2), []
    for resident in (True, False):
        engine = Engine("owner/name", snapshot, "cuda", "bfloat16", resident=resident)
        embeddings = engine.encode(PROMPT)
        found.append([one.tobytes() for one in engine.images(request, embeddings, lambda image, step: None)])
    assert found[0] == found[1]


def test_one_component_at_a_time_gives_its_memory_back(snapshot: Path) -> None:
    """After release nothing of the engine is left on the GPU."""
    import torch
    from zagent.generate.engine import Engine

    before = torch.cuda.memory_allocated()
    engine = Engine("owner/name", snapshot, "cuda", "bfloat16", resident=False)
    list(engine.images(Request(PROMPT, SMALL), engine.encode(PROMPT), lambda image, step: None))
    engine.release()
    assert torch.cuda.memory_allocated() - before < 10**6


def test_a_full_gpu_is_out_of_memory(store: Store, watch: Watch) -> None:
    """What torch really raises on a full GPU leads to the smaller plan, and then to our error."""
    import torch

    def fill(number: int, output: object) -> None:
        torch.empty(1 << 50, dtype=torch.uint8, device="cuda")

    watch.when("transformer", fill)
    with pytest.raises(OutOfMemory):
        images(store)
    assert watch.loads == ["text_encoder", "transformer"] * 2
