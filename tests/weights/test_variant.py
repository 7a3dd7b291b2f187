"""The names of converted files, and what a manifest that names them says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from zagent.weights import variant
from zagent.weights.manifest import File, Manifest, make

from tests.weights import files, floats


def manifest(*paths: str, confirmed: bool = False) -> Manifest:
    """A manifest that names these files; only those with a variant's name are confirmed or not."""
    entries = [File(one, 1, "a" * 64, confirmed or not variant.original(one)) for one in paths]
    return make("owner/name", "master", None, "tests", entries)


BOTH = (*floats.CONVERTED, *floats.CONVERTED.values(), "model_index.json", "vae/config.json")
LEFT = tuple(one for one in BOTH if one not in floats.CONVERTED)


@pytest.mark.parametrize(("path", "name"), floats.CONVERTED.items())
def test_a_converted_file_has_a_name_of_its_own_and_back(path: str, name: str) -> None:
    """As diffusers and transformers spell it."""
    assert variant.converted(path) == name
    assert variant.original(name) == path
    assert variant.converted(name) is variant.original(path) is None


@pytest.mark.parametrize(
    "path",
    [
        "model_index.json",
        "vae/config.json",
        "vae/diffusion_pytorch_model.fp16.safetensors",
        "vae/pytorch_lora_weights.safetensors",
        "diffusion_pytorch_model.safetensors",
        "a/b/model.safetensors",
        "text_encoder/model-1-of-3.safetensors",
        "text_encoder/model.safetensors.index.fp16.json",
    ],
)
def test_what_no_library_would_load_is_never_converted(path: str) -> None:
    """Other variants, adapters, and files elsewhere."""
    assert variant.converted(path) is variant.original(path) is None


def test_all_files_of_a_converted_component_are_superseded() -> None:
    """Its index, too; and after they went nothing is."""
    assert {one.path for one in variant.superseded(manifest(*BOTH))} == set(floats.CONVERTED)
    assert variant.superseded(manifest(*LEFT)) == []


@pytest.mark.parametrize("lost", floats.CONVERTED.values())
def test_a_component_is_superseded_whole_or_not_at_all(lost: str) -> None:
    """One converted file that is not named keeps all originals of its component, and no other's."""
    found = variant.superseded(manifest(*(one for one in BOTH if one != lost)))
    assert {variant.component(one.path) for one in found} == {"transformer", "vae"} - {variant.component(lost)}


@pytest.mark.parametrize("lost", floats.CONVERTED.values())
def test_what_a_killed_conversion_left_is_known(lost: str) -> None:
    """By what lacks of its component; where the originals are gone nothing is left over."""
    there = {one for one in BOTH if one != lost}
    folder = variant.component(lost)
    assert variant.unfinished(there) == {
        one for one in floats.CONVERTED.values() if variant.component(one) == folder and one != lost
    }
    assert variant.unfinished(set(BOTH)) == variant.unfinished(set(LEFT)) == set()


def test_the_hubs_own_variant_is_none_of_ours() -> None:
    """It replaces nothing, and is not loaded in place of what was loaded so far."""
    theirs = manifest(*BOTH, confirmed=True)
    assert variant.superseded(theirs) == []
    assert variant.made_here(theirs) == ()
    assert variant.to_load(theirs, "bfloat16") == frozenset()
    assert variant.has_variant(theirs, "vae")


@pytest.mark.parametrize(
    ("paths", "precision", "loaded"),
    [
        (BOTH, "bfloat16", {"transformer", "vae"}),
        (BOTH, "float32", set()),
        (LEFT, "bfloat16", {"transformer", "vae"}),
        (LEFT, "float32", {"transformer", "vae"}),
        ((*LEFT, files.VAE), "float32", {"transformer"}),
        (tuple(floats.CONVERTED), "bfloat16", set()),
    ],
)
def test_what_is_loaded(paths: tuple[str, ...], precision: str, loaded: set[str]) -> None:
    """Converted files in bfloat16; in float32 only where nothing else is left."""
    assert variant.to_load(manifest(*paths), precision) == loaded


def test_files_that_came_without_a_listed_hash_are_the_hubs_all_the_same() -> None:
    """By their names they are no variant."""
    plain = manifest(*floats.CONVERTED)
    unconfirmed = replace(plain, files=tuple(replace(one, confirmed=False) for one in plain.files))
    assert variant.made_here(unconfirmed) == ()
