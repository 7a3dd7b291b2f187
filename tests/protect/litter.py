"""A place with some of everything that `zagent gc` can delete, and what is looked at there."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from zagent.gc import collect
from zagent.gc.items import Item
from zagent.weights import manifest
from zagent.weights.model import Model

from tests.protect.place import Place, made
from tests.weights import files

LONG_AGO = (datetime.now(timezone.utc) - timedelta(days=40)).timestamp()
JUNK = {
    "vae/w.safetensors.incomplete": "partial file",
    "vae/.zagent-abc.tmp": "partial file",
    "README.md": "orphan",
    "transformer/old-00001-of-00009.safetensors": "orphan",
}
CACHES = (
    "users/alice/cache/torchinductor",
    "users/alice/cache/triton",
    "users/bob/cache/cuda",
    ".zagent/compile-cache/zagent/triton",
)


def found(place: Place) -> dict[str, str]:
    """What can go: its kind by its path below the folder of the data root and the mirror."""
    items = collect.look(place.store.settings)
    return {one.path.relative_to(place.root.parent).as_posix(): one.kind for one in items}


def gone(place: Place) -> list[Item]:
    """Collect all that is found."""
    settings = place.store.settings
    return collect.collect(settings, collect.look(settings))


def old(path: Path) -> Path:
    """Let a file, or a folder and all in it, have been used last long ago."""
    for one in sorted([path, *path.rglob("*")], reverse=True):
        os.utime(one, (LONG_AGO, LONG_AGO))
    return path


def names(place: Place) -> set[Path]:
    """Every path on the data root and in the mirror; reading a file would count as using it."""
    return {*place.root.rglob("*"), *place.copy.rglob("*")}


@pytest.fixture
def littered(mirrored: Place) -> Place:
    """Whole weights, a mirror of them, and some of everything that can go."""
    files.written(mirrored.snapshot, dict.fromkeys(JUNK, b"junk"))
    for one in CACHES:
        old(files.written(mirrored.root / one, {"ab/kernel.so": b"code"}))
    old(
        files.written(mirrored.root / ".zagent", {"manifests/.zagent-dead.tmp": b"half"}) / "manifests/.zagent-dead.tmp"
    )
    files.written(mirrored.kept.with_name(f"{'0' * 64}.partial"), {"vae/config.json": b"{}"})
    files.written(mirrored.copy, {"roots/.zagent-dead.tmp": b"half"})
    return mirrored


def expected(place: Place) -> dict[str, str]:
    """What ``littered`` must be found to hold."""
    base = place.root.parent
    junk = {(place.snapshot / path).relative_to(base).as_posix(): kind for path, kind in JUNK.items()}
    half = place.kept.with_name(f"{'0' * 64}.partial").relative_to(base).as_posix()
    temps = dict.fromkeys(["data/.zagent/manifests/.zagent-dead.tmp", "copy/roots/.zagent-dead.tmp"], "partial file")
    return {**junk, **dict.fromkeys([f"data/{one}" for one in CACHES], "compile cache"), half: "half backup", **temps}


def another(place: Place, name: str) -> Path:
    """The folder of one more model that is whole and has an orphan."""
    model, content = Model(name), {"model_index.json": b"{}"}
    folder = files.written(place.store.snapshot(model), {**content, "README.md": b"junk"})
    manifest.write(place.store.manifest_path(model), replace(made(content), model=name))
    return folder
