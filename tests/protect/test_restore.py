"""Bringing weights back: from a mirror, with nothing else left."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from zagent.errors import DestinationFailed, NothingToRestore
from zagent.protect import destinations, sources
from zagent.weights.model import Model
from zagent.weights.verify import verify

from tests.protect.place import Place
from tests.weights import files
from tests.weights.conftest import adopted


def test_a_wiped_cache_comes_back(mirrored: Place, tmp_path: Path) -> None:
    """`sha256sum -c` accepts it, with the fingerprint that was made before."""
    sums = tmp_path / "SHA256SUMS"
    sums.write_text(mirrored.said("fingerprint", "--format", "sha256sum"))
    shutil.rmtree(mirrored.root / "modelscope_cache")
    told = mirrored.told("restore")
    assert told["bytes"] == mirrored.wanted.size
    subprocess.run(["sha256sum", "--check", "--quiet", sums], cwd=mirrored.snapshot, check=True)


def test_what_is_right_is_not_touched(mirrored: Place) -> None:
    """Only what is missing or wrong is written; a flipped byte of the right size counts as wrong."""
    files.flip(mirrored.snapshot / files.SHARD)
    (mirrored.snapshot / files.VAE).unlink()
    before = {one: one.stat().st_ino for one in mirrored.snapshot.rglob("*") if one.is_file()}
    assert mirrored.told("restore")["files"] == sorted([files.SHARD, files.VAE])
    after = {one: one.stat().st_ino for one in mirrored.snapshot.rglob("*") if one.is_file()}
    assert {one for one in before if after[one] != before[one]} == {mirrored.snapshot / files.SHARD}
    assert verify(mirrored.snapshot, mirrored.wanted, quick=False).whole


def test_a_dry_run_changes_nothing(mirrored: Place) -> None:
    """It says what would be."""
    shutil.rmtree(mirrored.snapshot)
    told = mirrored.told("restore", "--dry-run")
    assert (told["dry_run"], told["bytes"]) == (True, mirrored.wanted.size)
    assert not mirrored.snapshot.exists()


def test_two_commands_bring_a_machine_without_a_data_disk_back(mirrored: Place, tmp_path: Path) -> None:
    """From nothing but the destination: weights, manifest, users and destinations."""
    people = mirrored.store.settings.layout.users
    people.write_text('{"schema": 1, "users": {}}')
    mirrored.backup()
    wanted = mirrored.wanted
    fresh = Place(tmp_path / "fresh", mirrored.copy)
    fresh.root.mkdir()
    refusal = fresh.said("generate", "a fox", code=11)
    adopt, _, back = refusal.partition("zagent volume adopt")[2].partition("zagent restore")
    assert "--system-disk" in adopt
    assert "--from" in back
    adopted(fresh.root)
    fresh.said("restore", "--from", str(fresh.copy))
    assert fresh.wanted == wanted
    assert files.below(fresh.snapshot) == files.needed()
    assert fresh.store.settings.layout.users.read_text() == people.read_text()
    assert [one.name for one in destinations.known(fresh.store.settings.layout)] == ["disk2"]
    assert fresh.data_id != mirrored.data_id, "the marker is the new data root's own"


def test_a_damaged_copy_brings_back_all_but_what_is_damaged(mirrored: Place) -> None:
    """No wrong byte gets a final name; the file is named, with what to do."""
    shutil.rmtree(mirrored.snapshot)
    files.flip(mirrored.kept / files.SHARD)
    said = mirrored.said("restore", code=48)
    assert files.SHARD in said
    assert "pull --repair" in said
    good = files.needed()
    del good[files.SHARD]
    assert files.below(mirrored.snapshot) == good


def test_a_second_copy_fills_in_what_the_first_has_lost(mirrored: Place, tmp_path: Path) -> None:
    """One file is bad in each; together they are whole, and what is bad in the first is told."""
    second = Place(mirrored.root, tmp_path / "second")
    mirrored.said("backup", "add", "third", str(second.copy), "--same-device")
    mirrored.said("backup", "now", "third")
    files.flip(mirrored.kept / files.SHARD)
    files.flip(second.kept / files.VAE)
    shutil.rmtree(mirrored.snapshot)
    assert files.SHARD in mirrored.said("restore")
    assert files.below(mirrored.snapshot) == files.needed()


def test_into_another_folder(mirrored: Place, tmp_path: Path) -> None:
    """The data root is not asked and not touched."""
    shutil.rmtree(mirrored.root)
    target = tmp_path / "elsewhere"
    done = mirrored.zagent("restore", "--from", str(mirrored.copy), "--to", str(target))
    assert done.exit_code == 0, done.output
    assert files.below(target / "Tongyi-MAI--Z-Image-Turbo/master") == files.needed()
    assert not mirrored.root.exists()


def test_nothing_to_restore_from(place: Place, tmp_path: Path) -> None:
    """Each case names what to do."""
    assert "no backup destination is known" in place.said("restore", code=45)
    assert f"there is no {tmp_path}/none" in place.said("restore", "--from", f"{tmp_path}/none", code=45)
    assert "zagent weights adopt" in place.said("restore", "--from", str(place.snapshot), code=45)
    place.add()
    assert f"the mirror {place.copy} has none" in place.said("restore", "--model", "else/where", code=45)


def test_a_hostile_mirror_leads_nowhere(mirrored: Place) -> None:
    """A manifest whose names lead out of the folder is none."""
    note = mirrored.mirror.manifest(mirrored.data_id, mirrored.wanted)
    hostile = json.loads(note.read_bytes())
    hostile["files"][0]["path"] = "../../../../etc/evil.json"
    note.write_text(json.dumps(hostile))
    shutil.rmtree(mirrored.snapshot)
    mirrored.said("restore", code=DestinationFailed.exit_code)
    assert not mirrored.snapshot.exists() or files.below(mirrored.snapshot) == {}


def test_a_source_is_found_by_its_name_or_its_path(mirrored: Place) -> None:
    """Whatever else stands there is no source."""
    layout = mirrored.store.settings.layout
    assert sources.named(layout, "disk2").words == f"the mirror {mirrored.copy}"
    assert sources.named(layout, str(mirrored.copy)).words == f"the mirror {mirrored.copy}"
    with pytest.raises(NothingToRestore):
        sources.named(layout, str(mirrored.root))


@pytest.mark.root
def test_what_root_restores_belongs_to_who_keeps_the_weights(mirrored: Place) -> None:
    """On a host that is the service user, who pulls and repairs."""
    manifests = mirrored.store.settings.layout.manifests
    shutil.rmtree(mirrored.root / "modelscope_cache")
    for one in (manifests, *manifests.iterdir()):
        os.chown(one, 1234, 1235)
    mirrored.said("restore")
    cache = mirrored.root / "modelscope_cache"
    assert {(one.stat().st_uid, one.stat().st_gid) for one in (cache, *cache.rglob("*"))} == {(1234, 1235)}


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ("--revision v2", 2, "zagent restore --model OWNER/NAME --revision v2"),
        ("--revision master", 2, "--revision goes with --model"),
        ("--from disk2 --snapshot deadbeef", 2, "a state of a restic repository; disk2 is a folder"),
        ("--from {copy} --snapshot deadbeef", 2, "copy is a folder"),
        ("--to {file}", 2, "file is a file, not a folder"),
        ("--to {file}/below", 2, "file is a file, not a folder"),
        ("--users ann --to {file}", 2, "file is a file, not a folder"),
        ("--users ann --revision master", 2, "--model and --revision don't go with it"),
        ("--from nope", 45, "no copy is named nope; there are disk2\ntry:   give a destination's name, a folder, or"),
        (
            "--from s3:foo --password-file /nope",
            115,
            "/nope can't be used: there is no such file\ntry:   name the file",
        ),
    ],
)
def test_what_can_not_be_meant_is_refused(mirrored: Place, tmp_path: Path, words: str, code: int, says: str) -> None:
    """Before anything is read, in words that tell what could be."""
    (tmp_path / "file").touch()
    given = words.format(copy=mirrored.copy, file=tmp_path / "file").split()
    assert says in mirrored.said("restore", *given, code=code)


def test_a_name_where_no_destination_is_set_up(place: Place) -> None:
    """It is no address either."""
    assert "no copy is named nope; no destination is set up" in place.said("restore", "--from", "nope", code=45)


def test_nothing_is_made_where_nothing_comes(mirrored: Place, tmp_path: Path) -> None:
    """No empty folder of a model that no copy has."""
    mirrored.said("restore", "--model", "else/where", code=45)
    mirrored.said("restore", "--model", "else/where", "--to", str(tmp_path / "to"), code=45)
    assert not mirrored.store.snapshot(Model("else/where")).parent.parent.exists()
    assert not (tmp_path / "to").exists()
