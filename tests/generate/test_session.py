"""A whole run: guards before the engine, memory that runs out, and what stands in the records."""

from __future__ import annotations

import builtins
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from zagent import settings
from zagent.errors import (
    INSTALL_ENGINE,
    DataRootMissing,
    EngineUnavailable,
    MemoryShort,
    ModelMissing,
    NotAdopted,
    NotAModel,
    OutOfMemory,
    PrecisionRefused,
    PromptTooLong,
    ReplayDiffers,
    SizeRefused,
    WeightsDamaged,
)
from zagent.generate import memory
from zagent.generate.replay import again, differing
from zagent.generate.request import Request, Size
from zagent.generate.session import Job, run
from zagent.volume.adopt import adopt
from zagent.volume.suitable import Ask
from zagent.weights.model import Model
from zagent.weights.store import Store

from tests.generate.conftest import PROMPT, SMALL, Watch, images

pytestmark = pytest.mark.engine


def test_each_of_several_images_can_be_made_alone(store: Store) -> None:
    """Four images from seed 7 are those of the seeds 7 to 10, one by one."""
    together = images(store, Request(PROMPT, SMALL, seed=7, count=4))
    assert [one.record.seed for one in together] == [7, 8, 9, 10]
    for one in together:
        (alone,) = images(store, one.record.request)
        assert alone.record == one.record
        assert differing(alone.image, one.image) == 0


def test_the_record_says_how(store: Store) -> None:
    """Weights, precision, device and versions are those that were used."""
    (made,) = images(store)
    found, present = made.record, store.present(Model())
    assert (found.prompt, found.model, found.revision) == (PROMPT, present.model, present.revision)
    assert found.set_digest == present.set_digest
    assert (found.dtype, found.device, found.guidance) == ("float32", "the CPU", 0.0)
    assert set(found.versions) == {"zagent", "torch", "diffusers", "transformers"}


def test_the_plan_is_told_before_anything_is_loaded(store: Store, watch: Watch) -> None:
    """The first words are the plan with its figures, while no component is in memory."""
    told: list[tuple[str, int]] = []
    images(store, say=lambda line: told.append((line, len(watch.loads))))
    ((line, loads),) = told
    assert line.startswith("plan: all resident on the CPU in float32 (")
    assert loads == 0


def test_steps_are_told(store: Store, little_memory: None) -> None:
    """Every evaluation of every image is told once, in order."""
    told: list[tuple[int, int]] = []
    images(store, Request(PROMPT, SMALL, 2, count=3), on_step=lambda image, step: told.append((image, step)))
    assert told == [(0, 1), (0, 2), (1, 1), (1, 2), (2, 1), (2, 2)]


def test_too_little_memory_is_refused_with_nothing_loaded(
    store: Store, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal comes before the first component, in terms of this machine."""
    monkeypatch.setattr(memory, "available", lambda: 1_000_000)
    with pytest.raises(MemoryShort, match=r"1\.00 MB are free"):
        images(store)
    assert watch.loads == []


def _fail(error: type[Exception], words: str, at: int, times: int = 1) -> Callable[[int, Any], None]:
    """Raise a new ``error`` at the ``at``-th run and as often as told after it."""

    def act(number: int, output: Any) -> None:
        if at <= number < at + times:
            raise error(words)

    return act


@pytest.mark.parametrize(
    ("component", "at", "made_before"),
    [("text_encoder", 1, 0), ("transformer", 3, 0), ("transformer", 11, 1), ("vae", 1, 0), ("vae", 2, 1)],
    ids=["while encoding", "in evaluation 3", "in the second image", "while decoding", "decoding the second"],
)
def test_out_of_memory_takes_the_next_smaller_plan(
    store: Store, watch: Watch, component: str, at: int, made_before: int
) -> None:
    """Once the smaller plan is taken: images that were made stay, the others keep their seeds and pixels."""
    import torch

    request, told = Request(PROMPT, SMALL, seed=7, count=3), list[str]()
    expected = images(store, request)
    watch.runs.clear()
    watch.when(component, _fail(torch.OutOfMemoryError, "CUDA out of memory. Tried to allocate", at))
    found = images(store, request, say=told.append)
    assert [one.record.seed for one in found] == [7, 8, 9]
    assert all(differing(a.image, b.image) == 0 for a, b in zip(expected, found, strict=True))
    assert [line.split(" on ")[0] for line in told] == [
        "plan: all resident",
        "plan: encode first, then denoise, then decode",
    ]
    assert watch.runs["vae"] == 3 + (component == "vae")
    assert not [held for held in watch.beside if held.endswith("beside text_encoder")], "the error kept it in memory"
    again_denoised = watch.runs["transformer"] - 8 * 3
    assert again_denoised == {"text_encoder": 0, "transformer": at % 8, "vae": 8}[component]


def test_out_of_memory_twice_is_an_error(store: Store, watch: Watch) -> None:
    """When the smaller plan runs out as well there is no third; images made before were handed over."""
    import torch

    watch.when("transformer", _fail(torch.OutOfMemoryError, "CUDA out of memory. Tried", 9, times=99))
    found = run(Job(store, Model(), Request(PROMPT, SMALL, count=2)))
    assert next(found).record.seed == 0
    with pytest.raises(OutOfMemory, match=r"64x64, also with the smallest plan: CUDA out of memory\. Tried"):
        next(found)


def test_another_failure_is_not_tried_again(store: Store, watch: Watch) -> None:
    """Only memory is worth a second try."""
    watch.when("transformer", _fail(ValueError, "odd", 1))
    with pytest.raises(Exception, match="odd"):
        images(store)
    assert watch.loads == ["text_encoder", "transformer"]


def test_an_interrupt_ends_it_at_the_step(store: Store, watch: Watch) -> None:
    """Ctrl-C during evaluation 3 goes straight through: no fourth, no decoding."""

    def interrupt(image: int, step: int) -> None:
        if step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        images(store, on_step=interrupt)
    assert watch.runs == {"text_encoder": 1, "transformer": 3}


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (Request(PROMPT, Size(1000, 1000)), SizeRefused),
        (Request(PROMPT, Size(8208, 64)), SizeRefused),
        (Request("a" * 600, SMALL), PromptTooLong),
    ],
    ids=["not a multiple", "larger than the model takes", "prompt too long"],
)
def test_a_bad_request_loads_nothing(store: Store, watch: Watch, request_: Request, error: type[Exception]) -> None:
    """Size and length of the prompt are checked against this model before its weights are read."""
    with pytest.raises(error):
        images(store, request_)
    assert watch.loads == []


def test_float16_is_refused_also_from_a_record(store: Store, watch: Watch) -> None:
    """A recipe that says float16 is not followed."""
    (made,) = images(store)
    watch.loads.clear()
    with pytest.raises(PrecisionRefused, match="float16 refused"):
        again(Path("x.png"), replace(made.record, dtype="float16"), store, "auto", print, lambda image, step: None)
    assert watch.loads == []


def test_another_precision_replays(store: Store) -> None:
    """A recipe in bfloat16 runs in bfloat16, also on a CPU, and its record says so."""
    (made,) = images(store)
    found = again(Path("x"), replace(made.record, dtype="bfloat16"), store, "cpu", print, lambda image, step: None)
    assert found.record == replace(made.record, dtype="bfloat16")
    assert differing(found.image, made.image) > 0


def test_other_weights_are_not_replayed(store: Store, watch: Watch) -> None:
    """A recipe made with another set of weights is refused before anything is loaded, with both digests."""
    (made,) = images(store)
    watch.loads.clear()
    with pytest.raises(ReplayDiffers, match=f"weights sha256:0, here are {made.record.set_digest}"):
        again(Path("x"), replace(made.record, set_digest="sha256:0"), store, "cpu", print, lambda image, step: None)
    assert watch.loads == []


def test_no_network_is_touched(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """No socket is connected and no name is looked up from the first guard to the last pixel."""

    def refuse(*args: object, **more: object) -> None:
        raise AssertionError(f"the network was asked: {args}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert images(store)


def test_nothing_is_written_to_the_home_folder(store: Store) -> None:
    """The libraries leave no cache on the system disk."""
    before = set(Path.home().rglob("*"))
    images(store)
    assert set(Path.home().rglob("*")) == before


def test_missing_weights_name_the_command(tmp_path: Path) -> None:
    """A data root without weights: the error says `zagent pull`."""
    adopt(tmp_path, Ask(system_disk=True, minimum_free=0))
    with pytest.raises(ModelMissing) as caught:
        images(Store(settings.load(tmp_path)))
    assert "zagent pull Tongyi-MAI/Z-Image-Turbo" in caught.value.advice


def test_without_a_data_root_nothing_runs(tmp_path: Path) -> None:
    """A missing or empty mount point is told as such, not as missing weights."""
    with pytest.raises(DataRootMissing):
        images(Store(settings.load(tmp_path / "gone")))
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotAdopted):
        images(Store(settings.load(tmp_path / "empty")))


def test_a_file_of_another_size_is_refused(store: Store, snapshot: Path, watch: Watch) -> None:
    """Sizes are compared with the manifest at every start."""
    file = next((snapshot / "vae").glob("*.safetensors"))
    content = file.read_bytes()
    try:
        file.write_bytes(content[:-1])
        with pytest.raises(WeightsDamaged, match=f"has {len(content) - 1} bytes instead of {len(content)}"):
            images(store)
    finally:
        file.write_bytes(content)
    assert watch.loads == []


@pytest.mark.parametrize(
    ("path", "old", "new", "error"),
    [
        ("model_index.json", b"ZImagePipeline", b"FluxImPipeline", NotAModel),
        ("model_index.json", b"{", b"[", WeightsDamaged),
        ("transformer/config.json", b"axes_lens", b"axes_tens", WeightsDamaged),
        ("vae/diffusion_pytorch_model.safetensors", b'{"', b"X@", WeightsDamaged),
    ],
)
def test_facts_that_can_not_be_are_refused(
    store: Store, snapshot: Path, watch: Watch, path: str, old: bytes, new: bytes, error: type[Exception]
) -> None:
    """Another pipeline, a broken configuration or a broken head of equal size: told before anything is loaded."""
    file = snapshot / path
    content = file.read_bytes()
    try:
        file.write_bytes(content.replace(old, new, 1))
        with pytest.raises(error):
            images(store)
    finally:
        file.write_bytes(content)
    assert watch.loads == []


def test_without_torch_the_engine_is_unavailable(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain install says which package is missing and what to install."""
    real = builtins.__import__

    def without(name: str, *args: Any, **more: Any) -> Any:
        if name.split(".")[0] == "torch":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")
        return real(name, *args, **more)

    for name in [one for one in sys.modules if one.startswith("zagent.generate.engine")]:
        monkeypatch.delitem(sys.modules, name)
        monkeypatch.delattr("zagent.generate." + name.rsplit(".", 1)[1])
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(EngineUnavailable, match="torch is not installed") as caught:
        images(store)
    assert caught.value.advice == INSTALL_ENGINE


@pytest.mark.skipif(Path("/dev/nvidiactl").exists(), reason="this machine has a GPU")
def test_cuda_without_a_gpu_is_refused(store: Store, watch: Watch) -> None:
    """--device cuda never falls back to the CPU in silence."""
    with pytest.raises(EngineUnavailable, match="no usable GPU"):
        images(store, device="cuda")
    assert watch.loads == []
