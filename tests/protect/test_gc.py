"""`zagent gc`: what can go, that it is shown before, and one test for each clause of its safety contract."""

from __future__ import annotations

import ast
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import zagent
from zagent import erase, lock
from zagent.errors import CacheElsewhere, ModelBusy, NotAdopted
from zagent.gc import caches, collect
from zagent.gc.items import Item
from zagent.volume import guard
from zagent.volume.layout import Layout
from zagent.weights import leftovers, manifest
from zagent.weights.model import Model
from zagent.weights.verify import verify

from tests.filesystems.conftest import bench
from tests.filesystems.disks import Bench, adopted, another_user, fill, free
from tests.protect.place import NAME, Place, made
from tests.weights import child, files
from tests.weights.conftest import adopted as adopted_root

__all__ = ["bench"]

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


def test_everything_that_can_go_is_found_and_goes(littered: Place) -> None:
    """Weights and mirror are whole after it, and then there is nothing more to do."""
    assert found(littered) == expected(littered)
    assert {one.path.relative_to(littered.root.parent).as_posix() for one in gone(littered)} == set(expected(littered))
    assert found(littered) == {}
    assert files.below(littered.snapshot) == files.needed() == files.below(littered.kept)
    assert not any((littered.root / one).exists() for one in CACHES)
    assert (littered.root / "users/alice/cache").is_dir()
    littered.said("verify")
    littered.said("backup", "check", "--full")


def test_a_dry_run_shows_and_changes_nothing(littered: Place) -> None:
    """With sizes; as events, too."""
    before = names(littered)
    said = littered.said("gc", "--dry-run")
    assert all(f"{kind:<13}  {littered.root.parent / path}" in said for path, kind in expected(littered).items())
    assert "nothing was deleted" in said
    told = littered.told("gc", "--dry-run")
    assert isinstance(told["found"], list)
    assert {one["kind"] for one in told["found"]} == set(expected(littered).values())
    assert all(one["size"] > 0 for one in told["found"])
    assert told["deleted"] == []
    assert names(littered) == before


def test_where_nobody_can_be_asked_only_yes_deletes(littered: Place) -> None:
    """With what can go on the screen all the same."""
    before = names(littered)
    assert "README.md" in littered.said("gc", code=2)
    littered.said("gc", "--json", code=2)
    assert names(littered) == before
    assert f"{len(expected(littered))} items deleted" in littered.said("gc", "--yes")
    assert "there is nothing to delete" in littered.said("gc")
    assert json.loads(littered.zagent("gc", "--json").stdout)["found"] == []


@pytest.mark.parametrize(("answer", "goes"), [("y", True), ("n", False), ("", False)])
def test_a_person_at_a_terminal_is_asked(littered: Place, answer: str, goes: bool) -> None:
    """No answer is a no."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "zagent", "--data-root", str(littered.root), "gc"]
    with subprocess.Popen(
        command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        os.write(ours, f"{answer}\n".encode())
        said, _ = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 0, said
    assert f"delete {len(expected(littered))} items" in said
    assert found(littered) == ({} if goes else expected(littered))


def test_only_below_a_proved_data_root(littered: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No marker, or a cache elsewhere: refused, and nothing is deleted."""
    settings, chosen = littered.store.settings, collect.look(littered.store.settings)
    foreign = files.written(tmp_path / "foreign", {"models/a--b/w.safetensors.incomplete": b"not ours"})
    with monkeypatch.context() as patch:
        patch.setenv("MODELSCOPE_CACHE", str(foreign))
        elsewhere = littered.store.settings
    marker = littered.root / ".zagent/volume.json"
    for where, refusal in ((elsewhere, CacheElsewhere), (settings, NotAdopted)):
        if where is settings:
            marker.rename(tmp_path / "marker")
        with pytest.raises(refusal):
            collect.look(where)
        with pytest.raises(refusal):
            collect.collect(where, chosen)
    (tmp_path / "marker").rename(marker)
    assert found(littered) == expected(littered)
    assert len(files.below(foreign)) == 1


def another(place: Place, name: str) -> Path:
    """The folder of one more model that is whole and has an orphan."""
    model, content = Model(name), {"model_index.json": b"{}"}
    folder = files.written(place.store.snapshot(model), {**content, "README.md": b"junk"})
    manifest.write(place.store.manifest_path(model), replace(made(content), model=name))
    return folder


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


def test_nothing_goes_while_a_mirror_is_written(littered: Place) -> None:
    """Be it by another machine; but a mirror that nothing is deleted from may be busy."""
    with lock.held(littered.copy / ".lock", "the mirror", "zagent backup"):
        with pytest.raises(ModelBusy, match=str(littered.copy)):
            gone(littered)
        assert found(littered) == expected(littered)
        shutil.rmtree(littered.kept.with_name(f"{'0' * 64}.partial"))
        (littered.copy / "roots/.zagent-dead.tmp").unlink()
        assert gone(littered)


def test_what_was_not_shown_stays(littered: Place) -> None:
    """And what can't go any more: it is looked at again under the locks."""
    settings, chosen = littered.store.settings, collect.look(littered.store.settings)
    files.written(littered.snapshot, {"vae/new.safetensors.incomplete": b"of a pull that began and died"})
    used = littered.root / CACHES[0]
    os.utime(used / "ab/kernel.so")
    done = collect.collect(settings, chosen)
    assert len(done) == len(chosen) - 1
    assert used.exists()
    assert (littered.snapshot / "vae/new.safetensors.incomplete").exists()


def test_a_model_that_came_meanwhile_keeps_its_own(littered: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing holds its pull back, so its files are none of ours, even if they were shown."""
    newer = files.written(another(littered, "new/model"), {"w.safetensors.incomplete": b""})
    chosen = collect.look(littered.store.settings)
    before = [one for one in leftovers.models(littered.store) if one != "new--model"]
    monkeypatch.setattr(leftovers, "models", lambda store: before)
    collect.collect(littered.store.settings, chosen)
    assert {"w.safetensors.incomplete", "README.md"} <= set(files.below(newer))
    monkeypatch.undo()
    gone(littered)
    assert set(files.below(newer)) == {"model_index.json"}


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


def test_a_mirror_that_is_away_is_no_failure(littered: Place) -> None:
    """Nor is a data root without one."""
    littered.copy.rename(littered.copy.with_name("away"))
    assert "half backup" not in found(littered).values()
    assert gone(littered)


@pytest.mark.root
def test_a_full_disk_is_no_reason_to_refuse(bench: Bench) -> None:
    """To free it is what helps; the same for a full disk of a mirror."""
    place = Place(adopted(bench.disk("ext4", "64M").folder), bench.disk("ext4", "64M").folder / "zagent")
    place.fill(files.needed())
    place.backup()
    files.written(place.snapshot, {"vae/w.safetensors.incomplete": bytes(3_000_000)})
    files.written(place.kept.with_name(f"{'0' * 64}.partial"), {"x.safetensors": bytes(3_000_000)})
    for folder in (place.root, place.copy.parent):
        fill(folder)
        with pytest.raises(OSError, match="No space left"):
            guard.probe(folder)
    before = [free(folder)[0] for folder in (place.root, place.copy.parent)]
    assert "2 items deleted" in place.said("gc", "--yes")
    after = [free(folder)[0] for folder in (place.root, place.copy.parent)]
    assert all(now - then >= 3_000_000 // 1024 for then, now in zip(before, after, strict=True))


@pytest.mark.root
def test_who_may_not_write_is_told_and_others_caches_are_passed_over() -> None:
    """Looking is everyone's; what a person can't see is not found."""
    with tempfile.TemporaryDirectory(prefix="zagent-test-") as name:
        Path(name).chmod(0o755)
        place = Place(adopted_root(Path(name) / "data"), Path(name) / "copy")
        place.fill(files.needed())
        for one in CACHES:
            old(files.written(place.root / one, {"kernel.so": b"code"}))
        (place.root / "users/alice").chmod(0o700)
        with another_user():
            assert sorted(found(place)) == sorted(f"data/{one}" for one in CACHES if "alice" not in one)
            place.said("gc", "--yes", code=16)
        assert len(found(place)) == len(CACHES)


POINTS = [
    ast.literal_eval(one.args[0])
    for path in sorted((Path(zagent.__file__).parent / "gc").glob("*.py"))
    for one in ast.walk(ast.parse(path.read_text()))
    if isinstance(one, ast.Call) and ast.unparse(one.func) == "points.reached"
]


@pytest.mark.parametrize(("point", "nth"), [(one, 1) for one in POINTS] + [("gc:deleted", 5), ("gc:deleted", 9)])
def test_a_killed_gc_goes_on(littered: Place, point: str, nth: int) -> None:
    """Whatever is left goes the next time, and nothing good is lost in between."""
    done = child.run("--data-root", str(littered.root), "gc", "--yes", point=point, nth=nth)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert verify(littered.snapshot, littered.wanted, quick=False).whole
    assert files.below(littered.kept) == files.needed()
    assert found(littered).items() <= expected(littered).items()
    littered.said("gc", "--yes")
    assert found(littered) == {}
    assert NAME in littered.said("backup")
