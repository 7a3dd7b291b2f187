"""Weights that are on the machine already come onto the data root, with no hub and the original untouched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner
from zagent import durable, points, settings, text
from zagent.cli.commands import app
from zagent.errors import NotAModel, NotEnoughSpace, WeightsDamaged
from zagent.volume import space
from zagent.weights import adopt as adopting
from zagent.weights.model import Model
from zagent.weights.progress import Progress
from zagent.weights.pull import Pulled
from zagent.weights.store import Store

from tests.weights import files

DOTTED = Model("AI-Lab/Z.Image-1.5")
LAYOUTS = {
    "a plain folder": "",
    "today's cache": "models/AI-Lab--Z.Image-1.5/snapshots/master",
    "the guide's cache": "hub/models/AI-Lab--Z.Image-1.5/snapshots/master",
    "an old cache": "AI-Lab/Z___Image-1___5",
    "an old cache below models": "models/AI-Lab/Z___Image-1___5",
    "an old cache below hub": "hub/AI-Lab/Z___Image-1___5",
    "an old cache below hub/models": "hub/models/AI-Lab/Z.Image-1.5",
}


def adopt(root: Path, source: Path, model: Model = DOTTED) -> Pulled:
    """Adopt without a hub: MODELSCOPE_ENDPOINT is not set, and nothing may ask for it."""
    return adopting.adopt(Store(settings.load(root)), model, source, Progress())


def traces(folder: Path) -> dict[str, tuple[int, int, int, int]]:
    """Mode, size, links and time of change of everything in a folder."""
    found = {str(path): path.lstat() for path in (folder, *folder.rglob("*"))}
    return {path: (one.st_mode, one.st_size, one.st_nlink, one.st_mtime_ns) for path, one in found.items()}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_every_layout_is_found_and_left_alone(root: Path, tmp_path: Path, layout: str) -> None:
    """The needed files arrive whole; the original keeps every byte, time and name."""
    source = tmp_path / "old"
    files.written(source / layout, files.repository(hostile=True))
    before, content = traces(source), files.below(source)
    done = adopt(root, source)
    assert files.below(Store(settings.load(root)).snapshot(DOTTED)) == files.needed()
    assert (traces(source), files.below(source)) == (before, content)
    assert done.downloaded == 0
    assert set(done.manifest.unconfirmed) == set(files.needed())
    assert done.manifest.source == str(source / layout if layout else source)


def test_the_hugging_face_cache_with_its_links_is_copied_as_files(root: Path, tmp_path: Path) -> None:
    """Links into blobs become plain files on the data root."""
    home = tmp_path / "hf" / "hub" / "models--AI-Lab--Z.Image-1.5"
    for number, (path, content) in enumerate(files.needed().items()):
        blob, link = home / f"blobs/{number}", home / "snapshots/abc" / path
        blob.parent.mkdir(parents=True, exist_ok=True)
        link.parent.mkdir(parents=True, exist_ok=True)
        blob.write_bytes(content)
        link.symlink_to(os.path.relpath(blob, link.parent))
    adopt(root, tmp_path / "hf")
    snapshot = Store(settings.load(root)).snapshot(DOTTED)
    assert files.below(snapshot) == files.needed()
    assert not any(path.is_symlink() for path in snapshot.rglob("*"))


def test_a_second_adoption_says_that_all_is_there(root: Path, tmp_path: Path) -> None:
    """Nothing is copied twice; of what was not needed nothing is said but that."""
    source = files.written(tmp_path / "old", files.needed())
    first = adopt(root, source)
    assert adopt(root, source) == Pulled(first.manifest, 0, already=True, adopted=source)


def test_a_path_without_a_model_is_refused_though_all_is_there(root: Path, tmp_path: Path) -> None:
    """It is a mistake, whatever is here; and where nothing is here, nothing is made."""
    (tmp_path / "file").touch()
    wrong = (tmp_path / "gone", tmp_path / "file", tmp_path / "home")
    for one in wrong:
        with pytest.raises(NotAModel):
            adopt(root, one)
    assert not Store(settings.load(root)).snapshot(DOTTED).parent.parent.exists()
    adopt(root, files.written(tmp_path / "old", files.needed()))
    for one in wrong:
        with pytest.raises(NotAModel):
            adopt(root, one)


def test_its_words_tell_of_a_copy_and_not_of_a_download(root: Path, tmp_path: Path) -> None:
    """The first time where it came from, then that it was not needed."""
    source = files.written(tmp_path / "old", files.needed())
    command = ["--data-root", str(root), "weights", "adopt", str(source), "--model", DOTTED.id]
    first, second = (CliRunner().invoke(app, command).output for _ in range(2))
    size = text.size(sum(map(len, files.needed().values())))
    assert f"{DOTTED.id} is here: {len(files.needed())} files, {size}, from {source}\n" in first
    assert f"{DOTTED.id} is here already: {len(files.needed())} files, {size}; {source} was not needed\n" in second
    assert "downloaded" not in first + second


def test_files_copied_by_hand_to_their_place_are_adopted_there(root: Path) -> None:
    """The source may be the place itself."""
    snapshot = files.written(Store(settings.load(root)).snapshot(DOTTED), files.needed())
    adopt(root, snapshot)
    assert files.below(snapshot) == files.needed()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({files.SHARD: files.needed()[files.SHARD][:-1]}, "cut short"),
        ({files.SHARD: b"\x80\x04 a pickle in disguise"}, "no safetensors file"),
        ({files.SHARD: (50).to_bytes(8, "little") + b"x" * 50}, "no safetensors file"),
        ({files.SHARD: (2).to_bytes(8, "little") + b"[]"}, "no safetensors file"),
        ({files.SHARD: (8).to_bytes(8, "little") + b'{"a": 1}'}, "no safetensors file"),
        ({files.SHARD: (100_000).to_bytes(8, "little") + b"[" * 100_000}, "no safetensors file"),
        ({files.SHARD: None}, "lacks"),
        ({"model_index.json": None}, "model_index.json"),
        ({"vae/config.json": None, files.VAE: None}, "no files"),
    ],
)
def test_a_copy_that_is_not_whole_is_refused(
    root: Path, tmp_path: Path, change: dict[str, bytes | None], why: str
) -> None:
    """Cut short, disguised or incomplete: refused by name before a byte is copied."""
    content = {**files.needed(), **change}
    source = files.written(tmp_path / "old", {k: v for k, v in content.items() if v is not None})
    with pytest.raises(NotAModel, match=why):
        adopt(root, source)
    assert files.below(Store(settings.load(root)).snapshot(DOTTED)) == {}


def test_room_is_asked_for_before_the_first_byte(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too little space: nothing is copied."""
    source = files.written(tmp_path / "old", files.needed())
    monkeypatch.setattr(space, "of", lambda path: space.Space(size=0, free=10))
    with pytest.raises(NotEnoughSpace):
        adopt(root, source)
    assert files.below(Store(settings.load(root)).snapshot(DOTTED)) == {}


def test_a_copy_that_reads_back_wrong_is_no_copy(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that keeps other bytes than it was given: no manifest is written, the file is named."""
    source, store = files.written(tmp_path / "old", files.needed()), Store(settings.load(root))
    damaged = store.snapshot(DOTTED) / files.SHARD
    real = points.reached
    monkeypatch.setattr(points, "reached", lambda name: files.flip(damaged) if name == "adopt:copied" else real(name))
    with pytest.raises(WeightsDamaged, match=files.SHARD):
        adopt(root, source)
    assert store.find(DOTTED) is None
    monkeypatch.setattr(points, "reached", real)
    adopt(root, source)
    assert files.below(store.snapshot(DOTTED)) == files.needed()


def test_half_copies_of_a_dead_adoption_are_swept_and_nothing_else(root: Path, tmp_path: Path) -> None:
    """Safety contract of the sweep: temp files in the model's own folder go, other names and folders stay."""
    source, store = files.written(tmp_path / "old", files.needed()), Store(settings.load(root))
    temp = ".zagent-x.tmp"
    stay = ["vae/mine.txt", "vae/other.tmp", f"../main/{temp}"]
    files.written(store.snapshot(DOTTED), dict.fromkeys([f"vae/{temp}", *stay], b"half"))
    adopt(root, source)
    assert not (store.snapshot(DOTTED) / "vae" / temp).exists()
    assert all((store.snapshot(DOTTED) / path).exists() for path in stay)


def test_all_is_synced_and_no_older_manifest_stands_before_the_new_one(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An adoption over damaged weights first withdraws their manifest; the new one comes after the last sync."""
    source, store, steps = files.written(tmp_path / "old", files.needed()), Store(settings.load(root)), list[str]()
    adopt(root, source)
    (store.snapshot(DOTTED) / files.VAE).unlink()
    real = durable.sync_file

    def sync(path: Path) -> None:
        assert store.find(DOTTED) is None
        steps.append(path.relative_to(store.snapshot(DOTTED)).as_posix())
        real(path)

    monkeypatch.setattr(durable, "sync_file", sync)
    monkeypatch.setattr(points, "reached", steps.append)
    adopt(root, source)
    copied = steps.index("adopt:copied")
    assert "pull:manifest-withdrawn" in steps[:copied]
    assert set(files.needed()) == set(steps[copied + 1 : steps.index("durable:temp-written", copied)])
