"""`zagent gc` and the float32 files that converted ones stand for: one test for each clause of the safety contract."""

from __future__ import annotations

import errno
import os
import shutil
import signal
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from zagent import erase
from zagent.gc import collect
from zagent.generate.cast import bfloat16
from zagent.protect import bad as bads
from zagent.protect import record
from zagent.protect.record import Checked, Run
from zagent.volume import guard
from zagent.weights import manifest, proof, safetensors, variant, verified
from zagent.weights.convert import convert
from zagent.weights.model import Model
from zagent.weights.progress import Progress
from zagent.weights.verify import verify

from tests.protect.litter import found, gone
from tests.protect.place import NAME, Place
from tests.weights import child, files, floats

pytestmark = pytest.mark.engine

SHARD = next(one for one in floats.CONVERTED if "-00002-of" in one)
MADE = floats.CONVERTED[SHARD]


@pytest.fixture
def converted(place: Place) -> Place:
    """Weights that were converted a moment ago: not verified, not backed up."""
    place.fill(floats.needed())
    convert(place.store, Model(), bfloat16(), Progress())
    return place


@pytest.fixture
def ready(converted: Place) -> Place:
    """The same, verified and backed up."""
    converted.said("verify")
    converted.backup()
    return converted


def offered(place: Place) -> set[str]:
    """The superseded files that are found, by their path in the snapshot."""
    names = {path for path, kind in found(place).items() if kind == "superseded"}
    return {(place.root.parent / one).relative_to(place.snapshot).as_posix() for one in names}


def noted(place: Place, known: record.Record) -> None:
    """Have this record of the mirror's runs."""
    record.write(place.store.settings.layout, NAME, known)


def test_what_is_verified_and_backed_up_is_offered_and_goes(ready: Place) -> None:
    """All of it, shown before; the rest is whole, and still proved; and the next backup is asked for."""
    assert offered(ready) == set(floats.CONVERTED)
    shown = ready.said("gc", "--dry-run")
    assert all(f"superseded     {ready.snapshot / one}" in shown for one in floats.CONVERTED)
    before, manifested = proof.last(ready.store, Model(), ready.wanted), ready.wanted
    said = ready.said("gc", "--yes")
    assert f"{len(floats.CONVERTED)} items deleted" in said
    assert f"{Model().id} is a smaller set now" in said
    assert ready.record.success
    assert ready.record.success.sets == {Model().words: ready.wanted.set_digest}, "a copy has exactly that at once"
    assert set(files.below(ready.snapshot)) == {*floats.needed(), *floats.CONVERTED.values()} - set(floats.CONVERTED)
    assert ready.wanted.files == tuple(one for one in manifested.files if one.path not in floats.CONVERTED)
    assert verify(ready.snapshot, ready.wanted, quick=False).whole
    assert proof.last(ready.store, Model(), ready.wanted) == before
    assert found(ready) == {}
    ready.said("backup")
    assert files.below(ready.kept) == files.below(ready.snapshot)


def test_a_restore_of_the_smaller_set(ready: Place) -> None:
    """The converted weights come back from the copy, and nothing else."""
    ready.said("gc", "--yes")
    ready.said("backup")
    before = files.below(ready.snapshot)
    shutil.rmtree(ready.snapshot)
    ready.said("restore")
    assert files.below(ready.snapshot) == before


def test_not_where_nothing_was_converted(place: Place) -> None:
    """Float32 weights alone are what there is."""
    place.fill(floats.needed())
    place.said("verify")
    place.backup()
    assert offered(place) == set()


def test_not_before_a_verify(converted: Place) -> None:
    """A backup does not prove that the disk holds what was written."""
    converted.backup()
    assert offered(converted) == set()
    converted.said("verify", "--quick")
    assert offered(converted) == set()
    converted.said("verify")
    assert offered(converted) == set(floats.CONVERTED)


def test_not_for_a_verify_from_before_the_conversion(place: Place) -> None:
    """It read other files; and a record with an older date proves nothing, whatever its digest."""
    place.fill(floats.needed())
    place.said("verify")
    convert(place.store, Model(), bfloat16(), Progress())
    place.backup()
    assert offered(place) == set()
    report = verify(place.snapshot, place.wanted, quick=False)
    early = datetime.now(timezone.utc) - timedelta(hours=1)
    verified.write(place.store, Model(), verified.of(place.wanted, report, early))
    assert offered(place) == set()


def test_not_where_the_verify_was_red(ready: Place) -> None:
    """Whatever was bad; also if it is good again."""
    content = (ready.snapshot / "vae/config.json").read_bytes()
    files.flip(ready.snapshot / "vae/config.json")
    ready.said("verify", code=21)
    assert offered(ready) == set()
    (ready.snapshot / "vae/config.json").write_bytes(content)
    assert offered(ready) == set()


def test_not_without_a_second_copy(converted: Place) -> None:
    """No destination, or one that nothing was copied to yet."""
    converted.said("verify")
    assert offered(converted) == set()
    converted.add()
    assert offered(converted) == set()


def test_not_where_the_copy_is_of_an_older_set(place: Place) -> None:
    """The hub's files are backed up, the converted ones are not."""
    place.fill(floats.needed())
    place.backup()
    convert(place.store, Model(), bfloat16(), Progress())
    place.said("verify")
    assert offered(place) == set()


def test_not_where_the_copys_last_run_failed_or_its_check_was_red(ready: Place) -> None:
    """What it holds is not known any more; how long ago it was copied does not matter."""
    good, now = ready.record, record.now()
    assert good.success
    noted(ready, good.after(Run(now, "the disk is gone", 43)))
    assert offered(ready) == set()
    noted(ready, replace(good, check=Checked(now, 0, {bads.key(ready.wanted): (MADE,)})))
    assert offered(ready) == set()
    old = replace(good.success, at=now - timedelta(days=90))
    noted(ready, record.Record(old, old))
    assert offered(ready) == set(floats.CONVERTED)


@pytest.mark.parametrize("path", [MADE, "vae/config.json", SHARD])
@pytest.mark.parametrize("damage", ["short", "missing"])
def test_not_where_a_file_has_not_its_size(ready: Place, path: str, damage: str) -> None:
    """A converted one or any other: a model that is not whole keeps all it has."""
    content = (ready.snapshot / path).read_bytes()
    (ready.snapshot / path).unlink()
    if damage == "short":
        (ready.snapshot / path).write_bytes(content[:-1])
    assert offered(ready) == set()


def test_not_where_a_converted_file_was_made_from_another(ready: Place) -> None:
    """Its name is not enough: by its own words it must stand for this very file. The other component goes."""
    content = floats.needed(seed=8)[SHARD]
    files.written(ready.snapshot, {SHARD: content})
    entries = {one.path: one for one in ready.wanted.files}
    from tests.protect.place import made

    other = tuple(sorted({**entries, SHARD: made({SHARD: content}).files[0]}.values()))
    manifest.write(ready.store.manifest_path(Model()), replace(ready.wanted, files=other))
    ready.said("verify")
    ready.backup()
    assert offered(ready) == {files.VAE}


def test_not_where_a_converted_file_can_not_be_read(ready: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """All else that can go is found all the same."""
    real = safetensors.read

    def sick(path: Path) -> safetensors.Head:
        if path.name == Path(MADE).name:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(path)

    monkeypatch.setattr(safetensors, "read", sick)
    assert {variant.component(one) for one in offered(ready)} == {"vae"}


@pytest.mark.parametrize("linked", ["the original", "the converted one", "a folder beside it"])
def test_not_where_a_link_is_in_play(ready: Place, linked: str) -> None:
    """A link is somebody's arrangement, and what a link leads to somebody's weights. The VAE goes."""
    if linked == "a folder beside it":
        (ready.snapshot.parents[2] / "theirs").mkdir()
        (ready.snapshot.parents[2] / "theirs/weights").symlink_to(ready.snapshot / SHARD)
    else:
        path = ready.snapshot / (SHARD if linked == "the original" else MADE)
        path.rename(ready.root / "kept")
        path.symlink_to(ready.root / "kept")
    assert offered(ready) == {files.VAE}
    gone(ready)
    assert (ready.snapshot / SHARD).exists()
    assert (ready.snapshot / MADE).exists()


def test_all_of_it_is_looked_at_again_under_the_locks(ready: Place) -> None:
    """What was true when it was shown need not be true any more."""
    settings, chosen = ready.store.settings, collect.look(ready.store.settings)
    before = ready.wanted
    files.flip(ready.snapshot / MADE)
    ready.said("verify", code=21)
    assert collect.collect(settings, chosen) == []
    assert ready.wanted == before
    assert (ready.snapshot / SHARD).exists()


def test_a_component_goes_whole_or_not_at_all(ready: Place) -> None:
    """Of one of which a file was not shown nothing goes."""
    settings, chosen = ready.store.settings, collect.look(ready.store.settings)
    done = collect.collect(settings, [one for one in chosen if one.path != ready.snapshot / SHARD])
    assert [one.path for one in done] == [ready.snapshot / files.VAE]
    assert verify(ready.snapshot, ready.wanted, quick=False).whole
    assert {variant.component(one.path) for one in variant.superseded(ready.wanted)} == {"transformer"}


def test_the_manifest_goes_first(ready: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the first file is deleted it names none of them."""
    seen: list[set[str]] = []
    below = erase.below

    def watched(base: Path, path: Path) -> None:
        seen.append({one.path for one in ready.wanted.files} & set(floats.CONVERTED))
        below(base, path)

    monkeypatch.setattr(erase, "below", watched)
    gone(ready)
    assert seen == [set()] * len(floats.CONVERTED)


@pytest.mark.parametrize(
    ("point", "nth"), [("superseded:manifest-written", 1), ("gc:deleted", 1), ("gc:deleted", 3), ("gc:locked", 1)]
)
def test_a_killed_gc_leaves_orphans_that_the_next_one_deletes(ready: Place, point: str, nth: int) -> None:
    """The weights are whole all the while."""
    done = child.run("--data-root", str(ready.root), "gc", "--yes", point=point, nth=nth)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert verify(ready.snapshot, ready.wanted, quick=False).whole
    assert set(found(ready).values()) == {"superseded" if point == "gc:locked" else "orphan"}
    ready.said("gc", "--yes")
    assert found(ready) == {}
    assert set(files.below(ready.snapshot)) == {*floats.needed(), *floats.CONVERTED.values()} - set(floats.CONVERTED)


def test_the_manifest_is_still_its_owners(ready: Place) -> None:
    """Root deletes, and whoever keeps the manifests keeps them."""
    if os.geteuid() != 0:
        pytest.skip("needs root, for another user")
    path = ready.store.manifest_path(Model())
    os.chown(path, 65534, 65534)
    gone(ready)
    assert (path.stat().st_uid, path.stat().st_gid) == (65534, 65534)


def test_a_disk_that_takes_no_record_lets_go_all_the_same(ready: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next verify makes one."""
    from zagent.errors import VolumeFull

    def full(*folders: Path) -> None:
        raise VolumeFull(path=ready.root)

    chosen = collect.look(ready.store.settings)
    monkeypatch.setattr(guard, "guard", full)
    assert len(collect.collect(ready.store.settings, chosen)) == len(floats.CONVERTED)
    monkeypatch.undo()
    last = proof.last(ready.store, Model(), ready.wanted)
    assert not last.again
