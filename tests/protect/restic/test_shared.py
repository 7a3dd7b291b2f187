"""Whose files, settings and weights come back from a repository that several data roots share."""

from __future__ import annotations

import shutil
from datetime import timezone

import pytest
from zagent.errors import NothingToRestore
from zagent.protect.restic import repository

from tests.protect.restic.conftest import Archived
from tests.protect.restic.test_which import NEW, OLD, neighbour
from tests.weights import files
from tests.weights.conftest import adopted


@pytest.fixture
def shared(archived: Archived) -> Archived:
    """A data root with equal weights as ``archived`` whose people and settings are in a newer snapshot, as its own."""
    for place, content in ((archived, b"A"), (neighbour(archived, OLD), b"B")):
        layout = place.store.settings.layout
        files.written(layout.home("ubuntu"), {"both": content, content.decode(): content})
        layout.users.write_bytes(content)
        place.said("backup")
    return place


@pytest.mark.usefixtures("shared")
def test_nobodys_files_and_settings_are_a_neighbours(archived: Archived) -> None:
    """Though theirs are newer, and the weights are the same; nothing is said, for all is as it should be."""
    layout = archived.store.settings.layout
    shutil.rmtree(layout.home("ubuntu"))
    (archived.snapshot / files.VAE).unlink()
    layout.users.unlink()
    for words in (("--dry-run",), ()):
        assert "data root" not in archived.said("restore", "--users", "ubuntu", *words)
    assert files.below(layout.home("ubuntu")) == {"both": b"A", "A": b"A"}
    assert "data root" not in archived.said("restore")
    assert layout.users.read_bytes() == b"A"


def test_a_neighbours_weights_bring_no_settings_of_theirs(archived: Archived, shared: Archived) -> None:
    """Where only the neighbour has backed up the version that is recorded here, too."""
    shared.fill(NEW)
    shared.said("backup")
    archived.fill(NEW)
    users = archived.store.settings.layout.users
    users.unlink()
    files.flip(archived.snapshot / files.SHARD)
    assert "data root" not in archived.said("restore")
    assert files.below(archived.snapshot) == NEW
    assert users.read_bytes() == b"A"


def test_where_no_own_one_is_proved_another_has_the_weights_and_nothing_else(
    archived: Archived, shared: Archived
) -> None:
    """Neither people's files nor settings: whoever means the own ones names them."""
    for one in repository.snapshots(archived.restic):
        if one.host == archived.data_id:
            repository.retag(archived.restic, one.id, ["unproved"])
    layout = archived.store.settings.layout
    shutil.rmtree(layout.home("ubuntu"))
    layout.users.unlink()
    files.flip(archived.snapshot / files.SHARD)
    archived.said("restore")
    assert files.below(archived.snapshot) == OLD
    said = archived.said("restore", "--users", "ubuntu", code=NothingToRestore.exit_code)
    assert "of this data root" in said
    assert "--snapshot ID" in said
    assert not layout.users.exists()
    assert not layout.home("ubuntu").exists()


def test_on_a_new_data_root_it_is_said_whose_they_are(archived: Archived, shared: Archived) -> None:
    """For nothing there is its own: the newest comes, in a dry run as well; of a named one nothing needs to be said."""
    fresh = Archived(adopted(archived.root.with_name("fresh")), archived.copy, program=archived.program)
    last, layout = repository.snapshots(archived.restic)[-1], fresh.store.settings.layout
    whence = ("--from", str(archived.copy), "--password-file", str(archived.password))
    line = f"the data root {shared.data_id[:8]}'s, as of {last.time.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC"
    for words in (("--dry-run",), ()):
        assert line in fresh.said("restore", "--users", "ubuntu", *whence, *words)
    assert files.below(layout.home("ubuntu")) == {"both": b"B", "B": b"B"}
    assert line in fresh.said("restore", *whence)
    assert layout.users.read_bytes() == b"B"
    layout.users.unlink()
    named = (*whence, "--snapshot", last.id[:8])
    assert "data root" not in fresh.said("restore", "--users", "ubuntu", *named)
    assert "data root" not in fresh.said("restore", *named)
    assert layout.users.read_bytes() == b"B"


def test_without_a_data_root_people_come_into_another_folder(archived: Archived, shared: Archived) -> None:
    """Nothing tells which snapshots are whose then, be it that the marker is damaged; so it is said."""
    whence = ("--from", str(archived.copy), "--password-file", str(archived.password))
    nowhere = Archived(archived.root.with_name("nowhere"), archived.copy, program=archived.program)
    archived.store.settings.layout.marker.write_bytes(b"junk")
    for place in (nowhere, archived):
        target = place.root.with_name(f"{place.root.name}-to")
        said = place.said("restore", "--users", "ubuntu", *whence, "--to", str(target))
        assert f"the data root {shared.data_id[:8]}'s" in said
        assert files.below(target)["both"] == b"B"
