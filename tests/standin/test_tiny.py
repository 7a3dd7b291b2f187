"""The tiny pipeline: the layout of the real repository, the same bytes each time, and an image."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.standin import Hub, save_tiny_pipeline
from tests.standin.client import download
from tests.standin.decoys import HOSTILE_FILES
from tests.standin.hub import REPO_ID
from tests.standin.tiny import build_tiny_pipeline

if TYPE_CHECKING:
    from diffusers import ZImagePipeline
    from PIL.Image import Image

pytestmark = pytest.mark.engine

# What the real repository needs to run: its names, its numbers of shards.
NEEDED = {
    "model_index.json",
    "scheduler/scheduler_config.json",
    "text_encoder/config.json",
    *(f"text_encoder/model-0000{i}-of-00003.safetensors" for i in (1, 2, 3)),
    "text_encoder/model.safetensors.index.json",
    "tokenizer/tokenizer.json",
    "tokenizer/tokenizer_config.json",
    "transformer/config.json",
    *(f"transformer/diffusion_pytorch_model-0000{i}-of-00003.safetensors" for i in (1, 2, 3)),
    "transformer/diffusion_pytorch_model.safetensors.index.json",
    "vae/config.json",
    "vae/diffusion_pytorch_model.safetensors",
}
DECOYS = {"README.md", ".gitattributes", "configuration.json", "assets/showcase.jpg"}


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder by relative path."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def load(folder: Path) -> ZImagePipeline:
    """The saved pipeline in float32."""
    import torch
    from diffusers import ZImagePipeline

    pipeline = ZImagePipeline.from_pretrained(folder, dtype=torch.float32)
    assert {model.dtype for model in (pipeline.transformer, pipeline.text_encoder, pipeline.vae)} == {torch.float32}
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def generate(pipeline: ZImagePipeline, seed: int, prompt: str = "a red fox 狐狸") -> Image:
    """A picture of 64 by 64 pixels in eight steps."""
    import torch

    image: Image = pipeline(
        prompt=prompt,
        height=64,
        width=64,
        num_inference_steps=8,
        guidance_scale=0.0,
        generator=torch.Generator("cpu").manual_seed(seed),
    ).images[0]
    return image


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny pipeline, saved once for all tests that only read it."""
    return save_tiny_pipeline(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def pipeline(tiny: Path) -> ZImagePipeline:
    """The saved pipeline, loaded once."""
    return load(tiny)


def test_layout_is_that_of_the_real_repository(tiny: Path) -> None:
    """The needed files have the real names, and only the known decoys lie beside them."""
    assert set(contents(tiny)) == NEEDED | DECOYS


def test_same_bytes_each_time(tiny: Path, tmp_path: Path) -> None:
    """A second save gives equal files and leaves the caller's random numbers alone."""
    import torch

    before = torch.get_rng_state()
    assert contents(save_tiny_pipeline(tmp_path)) == contents(tiny)
    assert torch.equal(torch.get_rng_state(), before)


def test_no_weight_is_left_to_chance() -> None:
    """With uninitialised memory filled with NaN no weight is NaN, so all are set from the seed."""
    import torch

    torch.use_deterministic_algorithms(True)
    try:
        pipeline = build_tiny_pipeline()
    finally:
        torch.use_deterministic_algorithms(False)
    for model in (pipeline.transformer, pipeline.text_encoder, pipeline.vae):
        assert all(tensor.isfinite().all() for tensor in model.state_dict().values())


def test_weights_have_the_stored_types_of_the_real_ones(tiny: Path) -> None:
    """The transformer lies in float32, text encoder and VAE in bfloat16; the shards have an index."""
    from safetensors import safe_open

    types: dict[str, set[str]] = {}
    for path in tiny.rglob("*.safetensors"):
        with safe_open(path, framework="pt") as file:
            found = {file.get_slice(name).get_dtype() for name in file.keys()}  # noqa: SIM118 - no mapping
        types.setdefault(path.parent.name, set()).update(found)
    assert types == {"transformer": {"F32"}, "text_encoder": {"BF16"}, "vae": {"BF16"}}
    index = json.loads((tiny / "transformer/diffusion_pytorch_model.safetensors.index.json").read_text())
    assert len(set(index["weight_map"].values())) == 3


def test_scheduler_is_the_real_one(tiny: Path) -> None:
    """The schedule's settings are those of the real repository."""
    config = json.loads((tiny / "scheduler/scheduler_config.json").read_text())
    expected = {
        "_class_name": "FlowMatchEulerDiscreteScheduler",
        "num_train_timesteps": 1000,
        "shift": 3.0,
        "use_dynamic_shifting": False,
    }
    assert {key: config[key] for key in expected} == expected


def test_without_shards_each_model_is_one_file(tmp_path: Path) -> None:
    """With shard=None there is no index and one weight file per model."""
    files = contents(save_tiny_pipeline(tmp_path, shard=None))
    assert {path for path in files if path.endswith((".safetensors", ".index.json"))} == {
        "text_encoder/model.safetensors",
        "transformer/diffusion_pytorch_model.safetensors",
        "vae/diffusion_pytorch_model.safetensors",
    }


def test_image_depends_on_the_seed_alone(pipeline: ZImagePipeline) -> None:
    """Eight steps without guidance give the same pixels for the same seed, others for another."""
    first, again, other = (generate(pipeline, seed).tobytes() for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_prompt_over_the_limit_is_cut(pipeline: ZImagePipeline) -> None:
    """More than 512 tokens can be counted, and the pipeline draws from the first 512 of them."""
    prompt = "fox " * 200
    assert len(pipeline.tokenizer(prompt).input_ids) == 800
    assert generate(pipeline, 7, prompt).tobytes() == generate(pipeline, 7, prompt + "cat").tobytes()


def test_hostile_files_raise_when_loaded(tmp_path: Path) -> None:
    """Whoever loads a hostile file notices, while the pipeline itself loads without them."""
    files = contents(save_tiny_pipeline(tmp_path, hostile=True))
    assert set(HOSTILE_FILES) == set(files) - NEEDED - DECOYS
    for path in HOSTILE_FILES:
        with pytest.raises(RuntimeError, match="hostile"):
            exec(files[path]) if path.endswith(".py") else pickle.loads(files[path])
    load(tmp_path)


def test_pipeline_survives_the_way_through_the_hub(tiny: Path, tmp_path: Path) -> None:
    """The needed files alone, fetched by the real client from the stand-in, draw the same picture."""
    with Hub(tiny) as hub:
        outcome = download(hub.url, tmp_path, REPO_ID, sorted(NEEDED))
    assert outcome.folder is not None
    assert set(contents(outcome.folder)) == NEEDED
    assert generate(load(outcome.folder), 7).tobytes() == generate(load(tiny), 7).tobytes()
