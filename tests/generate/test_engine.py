"""The engine on the tiny pipeline: diffusers' own pixels, one component at a time, and never a bad image."""

from __future__ import annotations

import ctypes
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from zagent.errors import NotFinite, PromptTooLong, WeightsDamaged
from zagent.generate.engine import TOKENS, Engine
from zagent.generate.request import Request, Size
from zagent.weights.store import Store

from tests.generate.conftest import PROMPT, SMALL, Watch, images

pytestmark = pytest.mark.engine

MODEL = "owner/name"


def engine(folder: Path, *, resident: bool = True) -> Engine:
    """An engine on the CPU."""
    return Engine(MODEL, folder, "cpu", "float32", resident=resident)


def draw(found: Engine, request: Request) -> Iterator[bytes]:
    """The pixels of each image."""
    steps = lambda image, step: None  # noqa: E731
    return (one.tobytes() for one in found.images(request, found.encode(request.prompt), steps))


def plain(folder: Path, seed: int, size: Size = SMALL) -> bytes:
    """The pixels of diffusers' own pipeline, called as its documentation does."""
    import torch
    from diffusers import ZImagePipeline

    pipe = ZImagePipeline.from_pretrained(folder, dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    noise = torch.Generator("cpu").manual_seed(seed)
    call = {"width": size.width, "height": size.height, "num_inference_steps": 8, "guidance_scale": 0.0}
    pixels: bytes = pipe(PROMPT, **call, generator=noise).images[0].tobytes()
    return pixels


def test_pixels_are_those_of_plain_diffusers(snapshot: Path) -> None:
    """The same seed gives the same pixels as the whole ZImagePipeline, also for a wide image."""
    for size in (SMALL, Size(96, 64)):
        (found,) = draw(engine(snapshot), Request(PROMPT, size, seed=7))
        assert found == plain(snapshot, 7, size)


def test_both_plans_give_the_same_pixels(snapshot: Path) -> None:
    """Resident or one component at a time, several images: not a pixel differs, and seeds matter."""
    request = Request(PROMPT, SMALL, seed=7, count=3)
    resident, sequential = (list(draw(engine(snapshot, resident=one), request)) for one in (True, False))
    assert resident == sequential
    assert len(set(resident)) == 3


def test_the_resident_plan_loads_once(snapshot: Path, watch: Watch) -> None:
    """Three images need three components, each read once and kept."""
    assert len(list(draw(engine(snapshot), Request(PROMPT, SMALL, count=3)))) == 3
    assert watch.loads == ["text_encoder", "transformer", "vae"]
    assert watch.beside == ["text_encoder beside transformer", "text_encoder beside vae", "transformer beside vae"]


def test_the_sequential_plan_holds_one_component(snapshot: Path, watch: Watch) -> None:
    """Three images, each component read once, and the one before is gone from memory before the next is read."""
    assert len(list(draw(engine(snapshot, resident=False), Request(PROMPT, SMALL, count=3)))) == 3
    assert watch.loads == ["text_encoder", "transformer", "vae"]
    assert watch.beside == []


def test_a_prompt_at_the_limit_passes_whole(snapshot: Path) -> None:
    """512 tokens with the template are read to the last; one more is refused, with how much is over."""
    found = engine(snapshot)
    frame = found.tokens("a") - 1
    most = "a" * (TOKENS - frame)
    assert found.tokens(most) == TOKENS
    assert len(found.encode(most)[0]) == TOKENS
    with pytest.raises(PromptTooLong, match="has 513 tokens with its template, 1 more than the 512"):
        found.tokens(most + "a")
    with pytest.raises(PromptTooLong, match="300 more"):
        found.tokens(most + "a" * 300)


def test_tokens_are_counted_as_the_pipeline_does(snapshot: Path) -> None:
    """The count is the length of what the text encoder gives back, padding aside."""
    found = engine(snapshot)
    for prompt in (PROMPT, "", "<|im_end|>", "two\nlines"):
        assert len(found.encode(prompt)[0]) == found.tokens(prompt)


def _embedding(number: int, output: Any) -> None:
    output.hidden_states[-2].fill_(float("nan"))


def _third_latent(number: int, output: Any) -> None:
    if number == 3:
        output[0][0].view(-1)[5] = float("inf")


def _pixel(number: int, output: Any) -> None:
    output.view(-1)[5] = float("-inf")


@pytest.mark.parametrize("little", [False, True], ids=["resident", "sequential"])
@pytest.mark.parametrize(
    ("component", "spoil", "where"),
    [
        ("text_encoder", _embedding, "the prompt's embedding holds NaN or infinite values at the text encoder"),
        ("transformer", _third_latent, "the latent image holds NaN or infinite values at evaluation 3"),
        ("vae", _pixel, "the image holds NaN or infinite values at decoding"),
    ],
)
def test_what_is_not_finite_never_becomes_an_image(
    store: Store,
    watch: Watch,
    component: str,
    spoil: Callable[[int, Any], None],
    where: str,
    little: bool,
    request: pytest.FixtureRequest,
) -> None:
    """One NaN or infinity anywhere on the way is an error that says where, in either plan, and not a black image."""
    if little:
        request.getfixturevalue("little_memory")
    watch.when(component, spoil)
    with pytest.raises(NotFinite, match=where):
        images(store)


@pytest.fixture
def copy(snapshot: Path, tmp_path: Path) -> Path:
    """A snapshot to damage."""
    return Path(shutil.copytree(snapshot, tmp_path / "snapshot"))


def test_a_poisoned_weight_never_becomes_an_image(copy: Path) -> None:
    """A NaN among the stored weights, which has the right size and loads well, is found out while it works."""
    for file in (copy / "transformer").glob("*.safetensors"):
        file.write_bytes(file.read_bytes()[:-4] + b"\x00\x00\xc0\x7f")
    with pytest.raises(NotFinite):
        list(draw(engine(copy), Request(PROMPT, SMALL)))


def test_a_flipped_weight_is_not_noticed_here(copy: Path) -> None:
    """The blind spot: another finite number makes another image. Only `zagent verify` finds it."""
    (before,) = draw(engine(copy), Request(PROMPT, SMALL))
    file = next((copy / "vae").glob("*.safetensors"))
    content = bytearray(file.read_bytes())
    first = 8 + int.from_bytes(content[:8], "little")
    content[first + 1] ^= 0x80  # the sign of the decoder's first number
    file.write_bytes(content)
    (after,) = draw(engine(copy), Request(PROMPT, SMALL))
    assert after != before


def swap(pattern: str, old: bytes, new: bytes) -> Callable[[Path], None]:
    """Replace bytes in the first file that holds them."""

    def act(folder: Path) -> None:
        file = next(one for one in sorted(folder.glob(pattern)) if old in one.read_bytes())
        file.write_bytes(file.read_bytes().replace(old, new, 1))

    return act


def cut(folder: Path) -> None:
    """Take a tensor's end away."""
    file = next(folder.glob("transformer/*-00002-*.safetensors"))
    file.write_bytes(file.read_bytes()[:-100])


def lose(folder: Path) -> None:
    """Delete a shard."""
    next(folder.glob("text_encoder/*-00002-*.safetensors")).unlink()


@pytest.mark.parametrize(
    ("component", "damage"),
    [
        ("text_encoder", swap("text_encoder/*.safetensors", b"0.mlp.up_proj", b"0.mlp.uq_proj")),
        ("transformer", swap("transformer/*.safetensors", b"0.attention.to_q", b"0.attention.to_p")),
        ("vae", swap("vae/*.safetensors", b"decoder.conv_in.weight", b"decoder.conv_im.weight")),
        ("text_encoder", swap("text_encoder/*.safetensors", b'{"', b"X@")),
        ("transformer", swap("transformer/*.safetensors", b'{"', b"X@")),
        ("transformer", cut),
        ("text_encoder", lose),
        ("transformer", swap("transformer/*.index.json", b"-00002-of", b"-00007-of")),
        ("text_encoder", swap("text_encoder/config.json", b'"hidden_size": 16', b'"hidden_size": 32')),
        ("transformer", swap("transformer/config.json", b'"dim": 32', b'"dim": 64')),
        ("vae", swap("vae/config.json", b'"latent_channels": 16', b'"latent_channels": 8')),
        ("tokenizer", swap("tokenizer/tokenizer.json", b"{", b"[")),
        ("scheduler", swap("scheduler/scheduler_config.json", b"{", b"[")),
        ("text_encoder", swap("model_index.json", b"Qwen3Model", b"Qwen9Model")),
    ],
    ids=[
        "a tensor of the text encoder renamed",
        "a tensor of the transformer renamed",
        "a tensor of the vae renamed",
        "text encoder head",
        "transformer head",
        "cut short",
        "shard lost",
        "index wrong",
        "text encoder configuration",
        "transformer configuration",
        "vae configuration",
        "tokenizer",
        "scheduler",
        "unknown class",
    ],
)
def test_damage_is_told_with_its_component(copy: Path, component: str, damage: Callable[[Path], None]) -> None:
    """Damage that sizes do not show: an error names the component, and no tensor is left to chance."""
    damage(copy)
    with pytest.raises(WeightsDamaged, match=f"{MODEL}: its {component} ") as caught:
        list(draw(engine(copy), Request(PROMPT, SMALL)))
    assert f"zagent pull {MODEL} --repair" in caught.value.advice


def test_weights_pass_through_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bringing a float32 component to a device in bfloat16 does not keep it in RAM.

    Without a GPU the device is "meta", which takes tensors and keeps none. What glibc keeps of 461 MB differs from
    run to run (20 and 332 MB were seen untold, up to 85 MB told), so the bound only tells whether the component
    itself stayed, and that glibc was told is proved apart.
    """
    import torch
    from diffusers import ZImageTransformer2DModel
    from zagent.generate import engine_load

    told: list[None] = []
    tell = engine_load._give_freed_memory_back
    monkeypatch.setattr(engine_load, "_give_freed_memory_back", lambda: told.append(tell()))
    with torch.device("meta"):
        model = ZImageTransformer2DModel(
            all_patch_size=(2,),
            all_f_patch_size=(1,),
            dim=1920,
            n_layers=3,
            n_refiner_layers=1,
            n_heads=15,
            n_kv_heads=15,
            cap_feat_dim=64,
            axes_dims=[32, 48, 48],
        )
    model.to_empty(device="cpu").save_pretrained(tmp_path / "transformer")
    del model
    ctypes.CDLL(None).malloc_trim(0)  # what making it left behind
    before = _anonymous()
    kept = engine_load.Loader(MODEL, tmp_path, "meta", torch.bfloat16)._component(
        ZImageTransformer2DModel, "transformer"
    )
    size = sum(one.numel() for one in kept.parameters()) * 2
    assert size > 400_000_000
    assert _anonymous() - before < size / 2
    assert len(told) == 1


def _anonymous() -> int:
    """This process's own memory, in bytes; pages of files aside."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in status if line.startswith("RssAnon:"))
