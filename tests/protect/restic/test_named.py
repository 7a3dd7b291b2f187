"""What zagent stored itself is told from what users call alike."""

from __future__ import annotations

import dataclasses
import shutil

import pytest
from zagent.errors import DestinationFailed
from zagent.protect import destinations
from zagent.protect.restic import repository
from zagent.protect.restic.named import Named
from zagent.protect.restic.retention import PROVED
from zagent.weights import manifest
from zagent.weights.model import Model

from tests.protect.place import made
from tests.protect.restic.conftest import Archived
from tests.weights import files

WEIGHTS = "models/Tongyi-MAI--Z-Image-Turbo/snapshots/master"
ROOT = "/z"
STORED = (
    f"{ROOT}/.zagent/volume.json",
    f"{ROOT}/.zagent/users.json",
    f"{ROOT}/.zagent/manifests/Tongyi-MAI--Z-Image-Turbo.json",
    f"{ROOT}/modelscope_cache/{WEIGHTS}",
    f"{ROOT}/users/aaa",
)


@pytest.fixture
def trapped(archived: Archived) -> Archived:
    """The first of all users has files that are called like zagent's own."""
    layout = archived.store.settings.layout
    layout.users.write_bytes(b"the list")
    other = manifest.dump(dataclasses.replace(made(files.needed(seed=9)), model="a/b"))
    files.written(
        layout.home("aaa"),
        {
            ".zagent/volume.json": b"{}",
            ".zagent/users.json": b"mine",
            ".zagent/backups/destinations.json": b"mine",
            ".zagent/manifests/junk.json": b"junk",
            ".zagent/manifests/a--b.json": other,
            "users/bob/x": b"not bob's",
            f"{WEIGHTS}/model_index.json": b"no weights",
        },
    )
    archived.said("backup")
    return archived


def test_what_users_call_alike_is_nothing_of_zagents(trapped: Archived) -> None:
    """Neither a manifest, nor a setting, nor another user's folder."""
    layout, engine = trapped.store.settings.layout, trapped.engine
    assert engine.sets() == [trapped.wanted]
    assert engine.settings() == {
        "users.json": b"the list",
        "destinations.json": destinations.path(layout).read_bytes(),
    }
    trapped.said("restore", "--users", "bob", code=45)
    files.written(layout.home("bob"), {"x": b"bob's"})
    trapped.said("backup")
    shutil.rmtree(layout.home("bob"))
    trapped.said("restore", "--users", "bob")
    assert files.below(layout.home("bob")) == {"x": b"bob's"}


def test_all_comes_back_from_a_snapshot_with_such_files(trapped: Archived) -> None:
    """Weights by their manifest, and root's own list of users."""
    layout = trapped.store.settings.layout
    shutil.rmtree(trapped.root / "modelscope_cache")
    shutil.rmtree(layout.manifests)
    layout.users.unlink()
    trapped.said("restore")
    assert files.below(trapped.snapshot) == files.needed()
    assert layout.users.read_bytes() == b"the list"
    assert [one.name for one in layout.manifests.iterdir()] == [trapped.store.manifest_path(Model()).name]


@pytest.mark.parametrize("content", [b"junk", b"[]", b"{}", b'{"schema": 1}', b'{"schema": 1, "files": [{}]}', b"\xff"])
def test_a_damaged_manifest_is_called_so(archived: Archived, content: bytes) -> None:
    """So that another copy is asked, and none of Python's own words reach a person."""
    layout, path = archived.store.settings.layout, archived.store.manifest_path(Model())
    path.write_bytes(content)
    repository.backup(archived.restic, [layout.marker, path], archived.data_id, [PROVED], "", lambda message: None)
    with pytest.raises(DestinationFailed, match=f"{path.name} of the snapshot {archived.engine.snapshot_id[:8]}"):
        archived.engine.sets()
    path.unlink()
    said = archived.said("restore", code=DestinationFailed.exit_code)
    assert "zagent restore --snapshot ID" in said
    assert "zagent pull" not in said, "the hub mends no repository"


def test_only_what_was_named_counts() -> None:
    """Wherever a file lies and whatever it is called."""
    found, wanted = Named(STORED), made({})
    assert found.manifests == [STORED[2]]
    assert found.settings == [STORED[1]]
    assert found.home("aaa") == STORED[4]
    assert (found.home("bob"), found.home("aaa/users/bob"), found.home("")) == (None, None, None)
    assert str(found.weights(wanted)) == STORED[3]
    assert Named(STORED[4:]).weights(wanted) is None


def test_without_one_marker_no_data_root_is_known() -> None:
    """As where a person made the snapshot by hand, of two data roots or of none."""
    for paths in (STORED[1:], (*STORED, "/y/.zagent/volume.json")):
        found = Named(paths)
        assert (found.layout, found.manifests, found.settings, found.home("aaa")) == (None, [], [], None)
