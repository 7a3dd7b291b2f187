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
from pathlib import Path

import pytest
import zagent
from zagent import lock
from zagent.errors import CacheElsewhere, ModelBusy, NotAdopted
from zagent.gc import collect
from zagent.volume import guard
from zagent.weights import leftovers
from zagent.weights.verify import verify

from tests.filesystems.conftest import bench
from tests.filesystems.disks import Bench, adopted, another_user, fill, free
from tests.protect.litter import CACHES, another, expected, found, gone, littered, names, old
from tests.protect.place import NAME, Place
from tests.weights import child, files
from tests.weights.conftest import adopted as adopted_root

__all__ = ["bench", "littered"]


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


def test_a_cache_whose_files_come_and_go_is_in_use(littered: Place) -> None:
    """What can't be looked at as a compiler takes it away, or as its path is too long, is no failure."""
    inner = os.open(littered.root / CACHES[1], os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=inner)
        deeper = os.open("d" * 250, os.O_RDONLY, dir_fd=inner)
        os.close(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=deeper))
        os.close(inner)
        inner = deeper
    os.close(inner)
    assert found(littered)


POINTS = [
    ast.literal_eval(one.args[0])
    for path in sorted((Path(zagent.__file__).parent / "gc").glob("*.py"))
    for one in ast.walk(ast.parse(path.read_text()))
    if isinstance(one, ast.Call)
    and ast.unparse(one.func) == "points.reached"
    and ast.literal_eval(one.args[0]).startswith("gc:")
]
"""Those of superseded files have tests of their own."""


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
