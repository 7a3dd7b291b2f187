"""Images of converted weights are those of the weights they were made from, and plain diffusers finds them, too."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from zagent import settings
from zagent.cli.commands import app
from zagent.errors import ReplayDiffers
from zagent.generate import facts
from zagent.generate.engine_cast import bfloat16
from zagent.generate.engine_load import Loader
from zagent.generate.record import encode
from zagent.generate.replay import again, differing
from zagent.generate.session import Made
from zagent.weights import manifest, variant
from zagent.weights.convert import convert
from zagent.weights.model import Model
from zagent.weights.progress import Progress
from zagent.weights.store import Store

from tests.generate.conftest import images

pytestmark = pytest.mark.engine

DTYPES = ("bfloat16", "float32")


@pytest.fixture
def own(root: Path, tmp_path: Path) -> Store:
    """A data root of the test's own with the tiny pipeline on it."""
    return Store(settings.load(Path(shutil.copytree(root, tmp_path / "data"))))


def converted(store: Store) -> None:
    """Convert it."""
    assert convert(store, Model(), bfloat16, Progress()).made


def let_go(store: Store) -> None:
    """Leave the converted files alone there, as ``zagent gc`` does."""
    found = store.present(Model())
    gone = variant.superseded(found)
    assert gone
    manifest.write(store.manifest_path(Model()), replace(found, files=tuple(x for x in found.files if x not in gone)))
    for one in gone:
        (store.snapshot(Model()) / one.path).unlink()


def drawn(store: Store, dtype: str) -> Made:
    """One small image."""
    (made,) = images(store, dtype=dtype)
    return made


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """Each component that is loaded, and whether from its converted files."""
    seen: list[tuple[str, bool]] = []
    load = Loader._component

    def watched(self: Loader, cls: Any, name: str) -> Any:
        seen.append((name, name in self.variants))
        return load(self, cls, name)

    monkeypatch.setattr(Loader, "_component", watched)
    return seen


def test_every_pixel_in_bfloat16_is_the_same_before_and_after(own: Store, loads: list[tuple[str, bool]]) -> None:
    """Beside the hub's files and without them; and it is the converted ones that are read."""
    before = drawn(own, "bfloat16")
    assert not any(is_converted for _, is_converted in loads)
    for change in (converted, let_go):
        change(own)
        loads.clear()
        after = drawn(own, "bfloat16")
        assert differing(before.image, after.image) == 0
        assert loads == [("text_encoder", False), ("transformer", True), ("vae", False)]


def test_in_float32_the_hubs_files_are_read_as_long_as_they_are_there(
    own: Store, loads: list[tuple[str, bool]]
) -> None:
    """So that a conversion changes no image on a CPU; afterwards the converted ones are what there is."""
    before = drawn(own, "float32")
    converted(own)
    assert differing(before.image, drawn(own, "float32").image) == 0
    assert not any(is_converted for _, is_converted in loads)
    loads.clear()
    let_go(own)
    drawn(own, "float32")
    assert ("transformer", True) in loads


def test_every_tensor_is_bit_by_bit_what_is_cast_while_loading(own: Store) -> None:
    """All of the transformer's."""
    import torch
    from diffusers import ZImageTransformer2DModel

    def tensors(**more: Any) -> dict[str, Any]:
        folder = own.snapshot(Model())
        model = ZImageTransformer2DModel.from_pretrained(folder, subfolder="transformer", dtype=torch.bfloat16, **more)
        return dict(model.state_dict())

    before = tensors()
    converted(own)
    for after in (tensors(), tensors(variant="bf16")):
        assert set(after) == set(before)
        for name, tensor in before.items():
            assert tensor.dtype == after[name].dtype == torch.bfloat16
            assert torch.equal(tensor.view(torch.int16), after[name].view(torch.int16)), name


def test_a_text_encoder_in_float32_is_converted_alike(own: Store, tiny: Path, tmp_path: Path) -> None:
    """That one is read by transformers, in shards as well as in one file."""
    import torch
    from transformers import Qwen3Model

    for shard in ("9KB", "1GB"):
        source = Path(shutil.copytree(tiny, tmp_path / shard))
        shutil.rmtree(source / "text_encoder")
        model = Qwen3Model.from_pretrained(tiny, subfolder="text_encoder", dtype=torch.float32)
        torch.nn.init.normal_(model.embed_tokens.weight)  # numbers that bfloat16 has to round
        model.save_pretrained(source / "text_encoder", max_shard_size=shard)
        store = Store(settings.load(_adopted(tmp_path / f"data-{shard}", source)))
        before = drawn(store, "bfloat16")
        converted(store)
        let_go(store)
        assert variant.to_load(store.present(Model()), "bfloat16") == {"text_encoder", "transformer"}
        assert differing(before.image, drawn(store, "bfloat16").image) == 0


def _adopted(root: Path, source: Path) -> Path:
    """A data root with the model in ``source``."""
    root.mkdir()
    for words in (["volume", "adopt", str(root), "--system-disk"], ["weights", "adopt", str(source)]):
        done = CliRunner().invoke(app, ["--data-root", str(root), *words])
        assert done.exit_code == 0, done.output
    return root


def test_plain_diffusers_finds_the_variant(own: Store) -> None:
    """With the one word that its documentation has for it; with nothing else left in the folder."""
    import torch
    from diffusers import ZImagePipeline

    converted(own)
    let_go(own)
    pipe = ZImagePipeline.from_pretrained(own.snapshot(Model()), variant="bf16", dtype=torch.bfloat16)
    assert {one.dtype for one in (pipe.transformer, pipe.vae, pipe.text_encoder)} == {torch.bfloat16}
    with pytest.raises(OSError, match="no file named"):
        ZImagePipeline.from_pretrained(own.snapshot(Model()), dtype=torch.bfloat16)


def test_the_names_are_those_that_both_libraries_write(own: Store, tmp_path: Path) -> None:
    """A transformer by diffusers and a text encoder by transformers, saved in shards as a variant and as none."""
    from diffusers import ZImageTransformer2DModel
    from transformers import Qwen3Model

    for cls, name, size in ((ZImageTransformer2DModel, "transformer", "400KB"), (Qwen3Model, "text_encoder", "9KB")):
        model = cls.from_pretrained(own.snapshot(Model()), subfolder=name)
        for shard in (size, "1GB"):
            folder = tmp_path / f"{name}-{shard}"
            model.save_pretrained(folder / "plain" / name, max_shard_size=shard)
            model.save_pretrained(folder / "variant" / name, max_shard_size=shard, variant="bf16")
            plain, theirs = (_names(folder / kind) for kind in ("plain", "variant"))
            assert {variant.converted(one) or one for one in plain} == theirs
            assert len(plain) > (3 if shard == size else 1)


def _names(folder: Path) -> set[str]:
    return {one.relative_to(folder).as_posix() for one in folder.rglob("*.*")}


def test_a_parameter_counts_once(own: Store) -> None:
    """However many files hold it: memory is planned by them."""
    folder = own.snapshot(Model())
    before = facts.read(folder, "owner/name")
    converted(own)
    assert facts.read(folder, "owner/name") == before
    let_go(own)
    assert facts.read(folder, "owner/name") == before


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_image_from_before_is_replayed_afterwards(own: Store, tmp_path: Path, dtype: str) -> None:
    """And the other way round; in float32 as long as what it was made with is there."""
    steps: list[Any] = [lambda store: None, converted, let_go]
    made: list[Made] = []
    for change in steps:
        change(own)
        made.append(drawn(own, dtype))
        for number, one in enumerate(made):
            path = tmp_path / f"{number}.png"
            path.write_bytes(encode(one.image, one.record))
            if dtype == "float32" and change is let_go and number < 2:
                with pytest.raises(ReplayDiffers, match="it was made with weights"):
                    _again(own, path, one)
            else:
                assert differing(_again(own, path, one).image, one.image) == 0
    assert len({one.record.set_digest for one in made}) == 3


def _again(store: Store, path: Path, made: Made) -> Made:
    return again(path, made.record, store, "cpu", lambda line: None, lambda image, step: None)


def test_a_folder_that_has_the_converted_files_alone_is_adopted(own: Store, tmp_path: Path) -> None:
    """Another data root takes it, and makes the same image of it."""
    before = drawn(own, "bfloat16")
    converted(own)
    let_go(own)
    store = Store(settings.load(_adopted(tmp_path / "other", own.snapshot(Model()))))
    assert store.present(Model()).set_digest == own.present(Model()).set_digest
    assert differing(before.image, drawn(store, "bfloat16").image) == 0
    assert not convert(store, Model(), bfloat16, Progress()).made


def test_without_torch_it_is_said_before_anything_is_read(own: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for an image."""
    import sys

    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "zagent.generate.engine_cast")
    monkeypatch.delattr("zagent.generate.engine_cast")
    done = CliRunner().invoke(app, ["--data-root", str(own.settings.data_root), "weights", "convert"])
    assert done.exit_code == 38
    assert "torch is not installed" in done.output
