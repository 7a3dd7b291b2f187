"""Which version a restore brings where a mirror and a repository do not hold the same."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from zagent.errors import OtherVersion
from zagent.protect.restic import password, repository
from zagent.protect.restic.run import Restic
from zagent.weights.model import Model

from tests.protect.place import Place
from tests.protect.restic.conftest import Archived, copied
from tests.weights import files

NEW = files.needed(seed=5)


@pytest.fixture
def unused(mirrored: Place, program: Path, empty: Restic) -> Place:
    """A mirror, and a repository that was added but never backed up to."""
    name, folder = "unused", mirrored.root.with_name("repository")
    copied(empty, program, folder, password.path(mirrored.store.settings.layout, name))
    mirrored.said("backup", "add", name, f"restic:{folder}", "--same-device")
    return mirrored


def test_a_stale_mirror_hides_no_repository_that_has_it(archived: Archived, tmp_path: Path) -> None:
    """A mirror is asked first, whatever it holds."""
    stale = str(tmp_path / "stale")
    archived.said("backup", "add", "stale", stale, "--same-device")
    archived.said("backup", "now", "stale")
    archived.fill(NEW)
    archived.said("backup", "now", "disk2")
    files.flip(archived.snapshot / files.SHARD)
    said = archived.said("restore")
    assert archived.target.removeprefix("restic:") in said
    assert stale not in said
    assert files.below(archived.snapshot) == NEW


def test_a_repository_without_a_backup_keeps_no_mirror_from_it(unused: Place) -> None:
    """Nothing can come from it, as from a disk that is not there."""
    shutil.rmtree(unused.snapshot)
    unused.store.manifest_path(Model()).unlink()
    unused.said("restore")
    assert files.below(unused.snapshot) == files.needed()


def test_that_there_is_another_version_weighs_more_than_that_there_is_none(unused: Place) -> None:
    """What a person can do about it is told."""
    unused.fill(NEW)
    files.flip(unused.snapshot / files.SHARD)
    assert str(unused.copy) in unused.said("restore", code=OtherVersion.exit_code)


def test_a_state_is_found_in_whichever_repository_has_it(archived: Archived, empty: Restic) -> None:
    """The first one has none that begins so. It is meant as it is, though another version is recorded."""
    layout, folder = archived.store.settings.layout, archived.root.with_name("first")
    (state,) = repository.snapshots(archived.restic)
    archived.said("backup", "remove", "disk2")
    copied(empty, archived.program, folder, password.path(layout, "first"))
    archived.said("backup", "add", "first", f"restic:{folder}", "--same-device")
    archived.said("backup", "add", "disk2", archived.target, "--same-device")
    archived.fill(NEW)
    archived.said("restore", "--snapshot", state.id[:8])
    assert files.below(archived.snapshot) == files.needed()
