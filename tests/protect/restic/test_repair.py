"""Damage in a repository that no flipped bit shows, what a check says of it, what mends it; and a clock years ahead."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from zagent.errors import DestinationMissing, ResticFailed
from zagent.protect.restic import binary, repository
from zagent.protect.restic.repository import Stored
from zagent.protect.restic.retention import PROVED
from zagent.protect.restic.run import Restic
from zagent.weights.model import Model

from tests.protect.place import NAME
from tests.protect.restic import versions
from tests.protect.restic.conftest import Archived, copied, each_version
from tests.weights import files


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """What is backed up."""
    file = tmp_path / "source"
    file.write_bytes(bytes(3_000_000))
    return file


@pytest.fixture
def stored(tmp_path: Path, program: Path, empty: Restic, source: Path) -> Restic:
    """A repository that holds it."""
    made = copied(empty, program, tmp_path / "repo", tmp_path / "password")
    keep(made, source)
    return made


def keep(repo: Restic, source: Path, *, force: bool = False) -> Stored:
    """Back it up."""
    return repository.backup(repo, [source], "host", [PROVED], "", lambda message: None, force=force)


def largest(repo: Restic, kind: str) -> Path:
    """The largest file of a kind in the repository, writable."""
    found = max(Path(repo.address, kind).rglob("*"), key=lambda one: one.is_file() * one.stat().st_size)
    found.chmod(0o600)
    return found


@each_version
def test_a_pack_that_is_gone_and_an_index_that_is_damaged_are_mended(stored: Restic, source: Path) -> None:
    """By every version: the index is made anew without it, so what was in it is stored again."""
    pack = largest(stored, "data")
    pack.unlink()
    assert repository.check(stored, "1/7", locked=True) == [pack.name]
    files.flip(largest(stored, "index"))
    repository.repair(stored, [pack.name])
    assert keep(stored, source, force=True).added > 0
    assert repository.check(stored, "100%", locked=True) == []


@pytest.mark.parametrize("program", ["current"], indirect=True)
def test_a_damaged_index_is_called_damage(stored: Restic) -> None:
    """It names no pack, so what restic said stands for it; such words are no pack to repair."""
    files.flip(largest(stored, "index"))
    (why,) = repository.check(stored, "1/7", locked=True)
    assert "repository contains errors" in why
    repository.repair(stored, [why])
    assert repository.check(stored, "100%", locked=True) == []


@pytest.mark.parametrize("program", ["current"], indirect=True)
def test_a_pack_that_is_cut_short_is_taken_out(stored: Restic, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it is run, and with ids beside it that are no packs. (0.14 would read it again for a minute.)"""
    pack = largest(stored, "data")
    with pack.open("r+b") as file:
        file.truncate(pack.stat().st_size - 1000)
    assert repository.check(stored, "100%", locked=True) == [pack.name]
    monkeypatch.chdir("/proc")  # takes no files
    repository.repair(stored, [pack.name, "f" * 64])
    assert not pack.exists()
    keep(stored, source, force=True)
    assert repository.check(stored, "100%", locked=True) == []


@pytest.fixture
def old(tmp_path: Path, empty: Restic, source: Path, monkeypatch: pytest.MonkeyPatch) -> Restic:
    """A repository with a flipped bit in its pack, and a restic as old as zagent takes it; no other was fetched yet."""
    program = versions.system()
    if program is None or binary.parse(subprocess.check_output([program, "version"], text=True)) >= (0, 16):
        pytest.skip("no restic here that is older than 0.16")
    monkeypatch.setattr(binary, "place", lambda: tmp_path / "tools" / "restic")
    monkeypatch.setenv(binary.MIRROR, f"file://{tmp_path}")
    made = copied(empty, program, tmp_path / "repo", tmp_path / "password")
    keep(made, source)
    files.flip(largest(made, "data"))
    return made


def test_an_old_restic_has_a_bad_pack_mended_by_the_pinned_one(old: Restic, source: Path) -> None:
    """By nothing else than what was fetched and proved; all the rest it does itself."""
    program = versions.current()
    if program is None:
        pytest.skip("no current restic: install Go to build it")
    binary.place().parent.mkdir()
    binary.place().symlink_to(program)
    bad = repository.check(old, "100%", locked=True)
    repository.repair(old, bad)
    keep(old, source, force=True)
    assert repository.check(old, "100%", locked=True) == []


def test_where_that_can_not_be_had_the_version_that_can_is_named(old: Restic) -> None:
    """The pack stays as it is."""
    pack = largest(old, "data")
    with pytest.raises(ResticFailed, match=r"1 bad pack can be mended by restic 0\.16 or newer, and .* is older"):
        repository.repair(old, [pack.name])
    assert pack.exists()


@pytest.mark.parametrize("program", ["current"], indirect=True)
def test_a_check_that_does_not_get_there_finds_no_damage(stored: Restic) -> None:
    """Nothing follows of what the repository holds: neither that it is good nor that it is bad."""
    config = Path(stored.address, "config")
    shutil.move(stored.address, f"{stored.address}.away")
    with pytest.raises(DestinationMissing):
        repository.check(stored, "1/7", locked=True)
    shutil.move(f"{stored.address}.away", stored.address)
    config.chmod(0o600)
    files.flip(config)
    with pytest.raises(ResticFailed):
        repository.check(stored, "1/7", locked=True)


@pytest.mark.parametrize("program", ["current"], indirect=True)
def test_a_snapshot_from_a_clock_years_ahead_is_not_the_newest(archived: Archived) -> None:
    """What is restored is what was backed up last; the wrong one can be given up, and goes by no other way."""
    (first,) = repository.snapshots(archived.restic)
    tags = ",".join(sorted(first.tags))
    words = ["--time", "2031-01-01 00:00:00", "--host", first.host, "--tag", tags]
    archived.restic.run("backup", *words, str(archived.snapshot))
    archived.fill(files.needed(seed=5))
    archived.said("backup")
    shutil.rmtree(archived.snapshot)
    archived.store.manifest_path(Model()).unlink()
    archived.said("restore")
    assert files.below(archived.snapshot) == files.needed(seed=5)
    archived.said("backup", "check")
    wrong = repository.snapshots(archived.restic)[-1]
    assert wrong.time.year == 2031
    archived.said("backup", "forget", NAME, wrong.id[:8])
