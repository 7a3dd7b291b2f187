"""`zagent gc`: what somebody may need stays."""

from __future__ import annotations

import os
import shutil
import signal
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from zagent import erase, lock
from zagent.errors import CacheElsewhere, ModelBusy
from zagent.gc import caches, collect
from zagent.volume.layout import Layout
from zagent.weights.model import Model
from zagent.weights.verify import verify

from tests.filesystems.conftest import bench
from tests.protect.litter import CACHES, LONG_AGO, another, expected, found, gone, littered, old
from tests.protect.place import Place
from tests.weights import child, files

__all__ = ["bench", "littered"]


@pytest.mark.parametrize("name", [Model().id, "other/model"])
def test_a_model_whose_folder_leads_off_the_root_stops_it(littered: Place, tmp_path: Path, name: str) -> None:
    """As it stops a pull: what is beyond the link is not ours."""
    folder = another(littered, name) if name != Model().id else littered.snapshot
    moved = shutil.move(folder, tmp_path / "elsewhere")
    folder.symlink_to(moved)
    littered.said("gc", "--yes", code=CacheElsewhere.exit_code)
    assert (tmp_path / "elsewhere/README.md").exists()


@pytest.mark.parametrize("model", ["Tongyi-MAI/Z-Image-Turbo", "other/model"])
def test_nothing_goes_while_a_model_changes(littered: Place, model: str) -> None:
    """Whichever it is: a pull, a restore or a backup holds its lock."""
    files.written(
        littered.snapshot.parents[2] / "other--model/snapshots/master", {"w.safetensors.incomplete": b"living"}
    )
    before = found(littered)
    with lock.held(Layout(littered.root).lock(model), model, "zagent pull"), pytest.raises(ModelBusy, match=model):
        gone(littered)
    assert found(littered) == before


def test_a_model_without_a_manifest_is_only_told(littered: Place) -> None:
    """Another program's, or of a pull that can go on: its partial files go, its whole ones never."""
    theirs = littered.snapshot.parents[2] / "someone--model/snapshots/master"
    whole = files.needed(seed=3)
    files.written(theirs, {**whole, "vae/w.safetensors.incomplete": b"half"})
    files.written(littered.snapshot.parent / "v2", {"only.safetensors.incomplete": b"half"})
    told = littered.told("gc", "--yes")
    assert isinstance(told["stays"], list)
    assert [(one["kind"], one["path"]) for one in told["stays"]] == [("no manifest", str(theirs))]
    assert files.below(theirs) == whole
    assert files.below(littered.snapshot.parent / "v2") == {}


def test_a_model_that_is_not_whole_keeps_all_it_has(littered: Place) -> None:
    """What its manifest does not name may be the missing file under another name."""
    (littered.snapshot / files.VAE).rename(littered.snapshot / "renamed.safetensors")
    assert "orphan" not in found(littered).values()
    gone(littered)
    assert (littered.snapshot / "renamed.safetensors").exists()


def test_a_manifest_that_can_not_be_read_protects_all(littered: Place) -> None:
    """What it names is not known; nor is what the mirror must keep."""
    path = littered.store.manifest_path(Model())
    path.write_text("{")
    assert not {"orphan", "half backup"} & set(found(littered).values())


def test_what_a_link_leads_to_is_needed(littered: Place) -> None:
    """Weights under another name, as other caches keep them; a link that nothing names goes alone."""
    blob = littered.snapshot / "blobs/1"
    blob.parent.mkdir()
    (littered.snapshot / files.VAE).rename(blob)
    (littered.snapshot / files.VAE).symlink_to(blob)
    (littered.snapshot / "alias").symlink_to(littered.snapshot / files.SHARD)
    before = found(littered)
    assert before[(littered.snapshot / "alias").relative_to(littered.root.parent).as_posix()] == "orphan"
    assert blob.relative_to(littered.root.parent).as_posix() not in before
    gone(littered)
    assert verify(littered.snapshot, littered.wanted, quick=False).whole
    assert not (littered.snapshot / "alias").is_symlink()


def test_a_temp_file_that_may_be_being_written_stays(littered: Place) -> None:
    """In zagent's own folder small files are written under no lock."""
    young = files.written(littered.root / ".zagent/manifests", {".zagent-young.tmp": b"now"}) / ".zagent-young.tmp"
    gone(littered)
    assert young.exists()
    assert not (young.parent / ".zagent-dead.tmp").exists()


def test_a_compile_cache_in_use_stays(littered: Place) -> None:
    """One file that was written or read is enough; a date to come is of a wrong clock, and no reason to delete."""
    moments = [datetime.now().timestamp(), (datetime.now() + timedelta(days=400)).timestamp()]
    for one, at in zip(CACHES, moments, strict=False):
        os.utime(littered.root / one / "ab/kernel.so", (at, LONG_AGO))
    stay = {f"data/{one}" for one in CACHES[:2]}
    assert set(expected(littered)) - set(found(littered)) == stay
    gone(littered)
    assert all((littered.root.parent / one).is_dir() for one in stay)


def test_a_compile_cache_is_unused_after_thirty_days(littered: Place) -> None:
    """Not before."""
    last = datetime.fromtimestamp(LONG_AGO, timezone.utc)
    layout = Layout(littered.root)
    assert list(caches.caches(layout, last + caches.UNUSED)) == []
    assert len(list(caches.caches(layout, last + caches.UNUSED + timedelta(seconds=1)))) == len(CACHES)


@pytest.mark.parametrize("linked", ["users/eve", "users/eve/cache", "users/eve/cache/triton"])
def test_no_link_of_a_user_leads_root_elsewhere(littered: Place, tmp_path: Path, linked: str) -> None:
    """Neither when it is there from the start, nor when it comes between the look and the deletion."""
    victim = old(files.written(tmp_path / "victim", {"cache/triton/x": b"", "triton/x": b"", "x": b""}))
    place = littered.root / linked
    cache = littered.root / "users/eve/cache/triton"
    old(files.written(cache, {"x": b""}))
    chosen = [one for one in collect.look(littered.store.settings) if one.path == cache]
    assert chosen
    shutil.rmtree(place)
    place.symlink_to(victim)
    assert cache.relative_to(littered.root.parent).as_posix() not in found(littered)
    if linked != "users/eve/cache/triton":
        with pytest.raises(NotADirectoryError):
            erase.below(chosen[0].base, chosen[0].path)
    else:
        erase.below(chosen[0].base, chosen[0].path)
    gone(littered)
    assert set(files.below(victim)) == {"cache/triton/x", "triton/x", "x"}


def test_links_within_a_cache_go_alone(littered: Place, tmp_path: Path) -> None:
    """To files and to folders."""
    victim = files.written(tmp_path / "victim", {"folder/x": b"", "y": b""})
    cache = littered.root / CACHES[0]
    (cache / "ab/folder").symlink_to(victim / "folder")
    (cache / "y").symlink_to(victim / "y")
    (cache / "nowhere").symlink_to("nowhere")
    erase.below(littered.root / "users", cache)
    assert not cache.exists()
    assert set(files.below(victim)) == {"folder/x", "y"}
    erase.below(littered.root / "users", cache)
    assert (littered.root / "users/alice/cache/triton").exists()


def test_the_half_set_that_the_next_backup_goes_on_from_stays(littered: Place) -> None:
    """It may even be whole but for its name, and the only good copy of its version."""
    littered.fill(files.needed(seed=5))
    half = littered.kept.with_name(f"{littered.kept.name}.partial")
    done = child.run("--data-root", str(littered.root), "backup", point="mirror:copied")
    assert done.returncode == -signal.SIGKILL
    assert files.below(half) == files.needed(seed=5)
    gone(littered)
    assert files.below(half) == files.needed(seed=5)
    assert littered.backup().copied == 0
    assert files.below(littered.kept) == files.needed(seed=5)


def test_a_half_set_stays_where_the_mirror_has_no_other(place: Place) -> None:
    """Then it is the best copy that there is of that model."""
    place.add()
    child.run("--data-root", str(place.root), "backup", point="mirror:copied")
    place.fill(files.needed(seed=5))
    assert "half backup" not in found(place).values()
