"""What a repository is given, what is proved, what comes back."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from zagent.errors import RepositoryLocked, SourceUnreadable
from zagent.protect.restic import password, repository
from zagent.protect.restic.engine import UNPROVED
from zagent.protect.restic.repository import Stored
from zagent.weights import digest
from zagent.weights.model import Model

from tests.protect.place import NAME, Place
from tests.protect.restic.conftest import Archived, each_version
from tests.weights import child, files
from tests.weights.conftest import adopted


@each_version
def test_a_password_is_made_and_told_once_loudly(place: Place, program: Path) -> None:
    """A file of its owner's alone; adding again changes nothing."""
    made = Archived(place.root, place.copy, program=program)
    said = made.said("backup", "add", NAME, made.target, "--same-device")
    assert f"KEEP THE PASSWORD in {made.password} somewhere else, now" in said
    assert stat.S_IMODE(made.password.stat().st_mode) == 0o600
    before = made.password.read_bytes()
    made.said("backup", "add", NAME, made.target, "--same-device")
    assert made.password.read_bytes() == before
    assert len(before) > 40


@each_version
def test_a_new_repository_is_not_opened_to_look_for_snapshots(
    place: Place, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is opened to write one and to say that it is proved; one elsewhere, or with snapshots, tells only so."""
    made = Archived(place.root, place.copy, program=program)
    made.said("backup", "add", NAME, made.target, "--same-device")
    with monkeypatch.context() as patch:
        patch.setattr(repository, "snapshots", lambda *_: pytest.fail("it was opened"))
        made.said("backup")
    assert [one.proved for one in repository.snapshots(made.restic)] == [True]
    assert not repository.is_new(made.restic)
    assert not repository.is_new(replace(made.restic, address="sftp:nas:/copies"))
    assert not repository.is_new(replace(made.restic, address=str(made.copy / "nowhere")))


def test_plain_restic_gives_the_same_bytes(archived: Archived, tmp_path: Path) -> None:
    """Nobody needs zagent to get their data out."""
    own = {"RESTIC_REPOSITORY": str(archived.copy), "RESTIC_PASSWORD_FILE": str(archived.password)}
    command = [str(archived.program), "restore", "latest", "--target", str(tmp_path / "by-hand")]
    subprocess.run(command, env={**os.environ, **own}, check=True, capture_output=True)
    assert files.below(tmp_path / "by-hand" / archived.snapshot.relative_to("/")) == files.needed()


def test_a_wiped_cache_comes_back(archived: Archived) -> None:
    """With the manifest, from the newest proved snapshot; nothing that waited for its proof is left."""
    wanted = archived.wanted
    shutil.rmtree(archived.root / "modelscope_cache")
    shutil.rmtree(archived.store.settings.layout.manifests)
    archived.said("restore")
    assert files.below(archived.snapshot) == files.needed()
    assert archived.wanted == wanted


def test_only_what_is_wrong_is_fetched(archived: Archived) -> None:
    """What is right keeps its inode."""
    files.flip(archived.snapshot / files.SHARD)
    before = (archived.snapshot / files.VAE).stat().st_ino
    assert archived.told("restore")["files"] == [files.SHARD]
    assert (archived.snapshot / files.VAE).stat().st_ino == before
    assert files.below(archived.snapshot) == files.needed()


@each_version
def test_where_nothing_changed_no_weights_are_read(archived: Archived, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new snapshot is proved by the one before: the files look as they did then."""
    with monkeypatch.context() as patch:
        patch.setattr(digest, "sha256", lambda *_: pytest.fail("a file was read"))
        patch.setattr(repository, "retag", lambda *_: pytest.fail("the repository was opened for nothing"))
        assert archived.told("backup")["copied"] == 0
    assert [one.proved for one in repository.snapshots(archived.restic)] == [True, True]


def test_a_run_that_was_cut_off_is_not_trusted_by_the_next(archived: Archived, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its snapshot says that it is proved, for all looked alike: once every byte is read again."""
    done = child.run("--data-root", str(archived.root), "backup", point="restic:stored")
    assert done.returncode == -signal.SIGKILL, done.stderr
    read, real = list[Path](), digest.sha256

    def seen(path: Path, *more: Any) -> str:
        read.append(path)
        return real(path, *more)

    monkeypatch.setattr(digest, "sha256", seen)
    archived.zagent("backup")
    assert len(read) == len(archived.wanted.files)
    read.clear()
    archived.zagent("backup")
    assert not read


def test_weights_that_vanish_while_restic_looks_are_missed(archived: Archived, monkeypatch: pytest.MonkeyPatch) -> None:
    """Restic says nothing of them, neither that they were read nor that they were not."""
    real = repository.backup

    def vanishing(*words: Any, **more: Any) -> Stored:
        (archived.snapshot / files.SHARD).unlink()
        return real(*words, **more)

    monkeypatch.setattr(repository, "backup", vanishing)
    assert f"{files.SHARD} is not what its manifest says" in archived.said("backup", code=43)
    assert [one.proved for one in repository.snapshots(archived.restic)] == [True, False]


def test_what_is_wrong_is_told_though_the_repository_is_busy(
    archived: Archived, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The snapshot can't be disowned then; the next run trusts nothing of it."""
    with monkeypatch.context() as patch:
        real = repository.backup
        patch.setattr(repository, "backup", lambda *a, **more: replace(real(*a, **more), unread=("/data/users/ann/x",)))
        patch.setattr(repository, "retag", _busy)
        assert "/data/users/ann/x" in archived.said("backup", code=SourceUnreadable.exit_code)
    assert [one.proved for one in repository.snapshots(archived.restic)] == [True, True]
    assert not archived.record.trusted
    files.flip(archived.snapshot / files.SHARD)
    assert files.SHARD in archived.said("backup", code=43)


def _busy(*_: object) -> None:
    raise RepositoryLocked(address="there", why="another one works there")


@each_version
def test_damaged_weights_cost_nobody_else_their_backup(archived: Archived) -> None:
    """The snapshot that has them counts for none; what people made since is in it, and the file is named."""
    (whole,) = repository.snapshots(archived.restic)
    home = files.written(archived.store.settings.layout.home("ann"), {"fox.png": b"a fox"})
    files.flip(archived.snapshot / files.SHARD)
    said = archived.said("backup", code=43)
    assert [one.proved for one in repository.snapshots(archived.restic)] == [True, False]
    night = repository.snapshots(archived.restic)[1].id[:8]
    assert f"{files.SHARD} is not what its manifest says" in said
    assert f"everyone's other files are in the snapshot {night}" in said
    shutil.rmtree(home)
    archived.said("restore", "--users", "ann", "--snapshot", night)
    assert files.below(home) == {"fox.png": b"a fox"}
    assert archived.engine.snapshot_id == whole.id
    archived.said("restore")
    assert files.below(archived.snapshot) == files.needed()
    copied = archived.told("backup")["copied"]
    assert isinstance(copied, int)
    assert copied < 50_000, "nothing is new but when they came"
    archived.said("backup", "check")
    assert [one.proved for one in repository.snapshots(archived.restic)] == [True]


def test_damage_without_a_proved_snapshot_is_found_every_night(archived: Archived) -> None:
    """What is as it was in the one before is not read by restic; unless that is proved it vouches for nothing."""
    (whole,) = repository.snapshots(archived.restic)
    files.flip(archived.snapshot / files.SHARD)
    repository.forget(archived.restic, [whole.id])
    for night in (1, 2):
        assert files.SHARD in archived.said("backup", code=43)
        assert [one.proved for one in repository.snapshots(archived.restic)] == [False] * night


def test_a_damage_that_leaves_the_time_is_not_stored_either(archived: Archived) -> None:
    """As restic goes by time and size it does not read the file; what it has stays good."""
    path = archived.snapshot / files.SHARD
    times = path.stat()
    files.flip(path)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    archived.zagent("backup")
    archived.said("restore")
    assert files.below(archived.snapshot) == files.needed()


@each_version
def test_a_new_version_is_proved_and_the_old_one_stays_in_the_history(archived: Archived) -> None:
    """An older state comes back by its id."""
    (first,) = repository.snapshots(archived.restic)
    archived.fill(files.needed(seed=5))
    archived.said("backup")
    assert [one.proved for one in repository.snapshots(archived.restic)] == [True, True]
    shutil.rmtree(archived.snapshot)
    archived.said("restore")
    assert files.below(archived.snapshot) == files.needed(seed=5)
    archived.store.manifest_path(Model()).unlink()
    archived.said("restore", "--snapshot", first.id[:8])
    assert files.below(archived.snapshot) == files.needed()


def test_a_snapshot_that_is_not_proved_is_never_restored_by_itself(archived: Archived) -> None:
    """A backup that was cut off between storing and proving leaves one."""
    (first,) = repository.snapshots(archived.restic)
    files.flip(archived.snapshot / files.SHARD)
    repository.backup(archived.restic, [archived.snapshot], first.host, [UNPROVED], "", lambda message: None)
    archived.said("restore")
    assert files.below(archived.snapshot) == files.needed()
    assert "NOT PROVED" in archived.said("backup", "ls")


@each_version
def test_people_come_back_with_their_folders_and_nothing_of_theirs_is_replaced(archived: Archived) -> None:
    """What is missing comes, what differs stays and is named."""
    home = archived.store.settings.layout.home("ann")
    files.written(home, {"loras/fox.safetensors": b"hers", "notes.txt": b"old"})
    home.chmod(0o700)
    archived.said("backup")
    (home / "loras/fox.safetensors").unlink()
    (home / "notes.txt").write_bytes(b"new")
    said = archived.said("restore", "--users", "ann")
    assert "kept: notes.txt is here with another content" in said
    assert files.below(home) == {"loras/fox.safetensors": b"hers", "notes.txt": b"new"}
    shutil.rmtree(home)
    archived.said("restore", "--users", "ann")
    assert files.below(home)["notes.txt"] == b"old"
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert not list(home.parent.glob(".restoring*"))
    archived.said("restore", "--users", "nobody", code=45)
    archived.said("restore", "--users", "../../etc", code=2)


def test_everything_from_nothing_but_the_repository_and_its_password(archived: Archived, tmp_path: Path) -> None:
    """On a new machine: weights, manifest, and the list of destinations."""
    kept = tmp_path / "kept.password"
    shutil.copy(archived.password, kept)
    fresh = Place(adopted(tmp_path / "fresh"), archived.copy)
    fresh.said("restore", "--from", str(archived.copy), code=115)
    fresh.said("restore", "--from", str(archived.copy), "--password-file", str(kept))
    assert files.below(fresh.snapshot) == files.needed()
    assert "destinations.json" in [one.name for one in fresh.store.settings.layout.backups.iterdir()]
    fresh.said("backup", code=115)
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong\n")
    fresh.said("restore", "--from", str(archived.copy), "--password-file", str(wrong), code=115)
    wrong.chmod(0o600)
    fresh.said("restore", "--from", str(archived.copy), "--password-file", str(wrong), code=112)


def test_the_newest_proved_snapshot_of_a_data_root_can_not_be_given_up(archived: Archived) -> None:
    """Older ones can, by the beginning of their id."""
    (first,) = repository.snapshots(archived.restic)
    assert "newest proved" in archived.said("backup", "forget", NAME, first.id[:8], code=101)
    archived.said("backup")
    archived.said("backup", "forget", NAME, first.id[:8])
    assert first.id not in [one.id for one in repository.snapshots(archived.restic)]
    archived.said("backup", "forget", NAME, "zzz", code=101)


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_a_repository_that_is_gone(archived: Archived, command: str) -> None:
    """It is said so, and never made anew by itself."""
    shutil.move(archived.copy, archived.copy.with_name("unplugged"))
    assert "is not there" in archived.said(command, code=42)
    assert not archived.copy.exists()


@pytest.mark.parametrize(
    ("target", "remedy"),
    [
        ("s3:foo", "check the address (s3:https://HOST/BUCKET/FOLDER, "),
        ("sftp:nouser", "check the address (s3:https://HOST/BUCKET/FOLDER, "),
        ("restic:/proc/repository", "df -h /proc; dmesg "),
    ],
)
def test_where_no_repository_is_made_no_password_is_left(place: Place, program: Path, target: str, remedy: str) -> None:
    """Else it would be taken for one that matters; one that a person put there stays. The remedy is of use then."""
    made = Archived(place.root, place.copy, program=program)
    assert f"try:   {remedy}" in made.said("backup", "add", NAME, target, code=41)
    assert not made.password.exists()
    password.ensure(made.password)
    made.said("backup", "add", NAME, target, code=41)
    assert made.password.exists()
