"""Free space, and who uses the rest."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from zagent.errors import NotEnoughSpace
from zagent.volume import space
from zagent.volume.layout import Layout
from zagent.volume.space import Space


@pytest.mark.parametrize(
    ("free", "needed", "fits"),
    [
        (33_300_000_000, 32_880_000_000, True),
        (32_900_000_000, 32_880_000_000, False),  # the reserve would be used up
        (32_000_000_000, 32_880_000_000, False),
        (0, 0, True),  # all is there: nothing to ask of a full disk
    ],
)
def test_room_is_asked_for_what_is_missing_and_a_reserve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, needed: int, fits: bool
) -> None:
    """A disk filled to the last byte could not be repaired."""
    monkeypatch.setattr(space, "of", lambda path: Space(200 * 10**9, free))
    if fits:
        space.require(tmp_path, needed)
    else:
        with pytest.raises(NotEnoughSpace, match=r"free, 33\.15 GB are needed"):
            space.require(tmp_path, needed)


def test_the_reserve_of_a_small_disk_is_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundredth of it, so that a trial fits at all."""
    monkeypatch.setattr(space, "of", lambda path: Space(100_000_000, 50_000_000))
    space.require(tmp_path, 49_000_000)
    with pytest.raises(NotEnoughSpace):
        space.require(tmp_path, 49_000_001)


def test_free_is_what_this_user_may_still_write(tmp_path: Path) -> None:
    """Not root's reserved blocks."""
    found = os.statvfs(tmp_path)
    assert space.of(tmp_path).size == found.f_blocks * found.f_frsize
    assert space.of(tmp_path).free <= found.f_bfree * found.f_frsize


def test_users_are_named_biggest_first(tmp_path: Path) -> None:
    """Each model, each person, and whatever else lies there; links are not followed, nothing counts twice."""
    layout = Layout(tmp_path / "data")
    sizes = {
        "modelscope_cache/models/owner--big/x": 3_000_000,
        "modelscope_cache/models/owner--small/x": 200_000,
        "users/ann/outputs/x": 1_000_000,
        "strange/x": 500_000,
    }
    for name, size in sizes.items():
        path = layout.root / name
        path.parent.mkdir(parents=True)
        path.write_bytes(os.urandom(size))
    (layout.root / "users" / "ann" / "link").symlink_to(layout.root / "modelscope_cache")
    found = space.users(layout, layout.modelscope_cache)
    names = ["modelscope_cache/models/owner--big", "users/ann", "strange", "modelscope_cache/models/owner--small"]
    assert [use.name for use in found] == names
    assert found[1].size < 1_100_000


def test_what_is_not_there_uses_nothing(tmp_path: Path) -> None:
    """A cache that was never filled is no error."""
    assert space.used(tmp_path / "nothing") == 0
    assert space.users(Layout(tmp_path / "nothing"), tmp_path / "nothing" / "cache") == []


def test_a_tree_as_deep_as_one_likes_is_counted(tmp_path: Path) -> None:
    """Deeper than Python's stack."""
    inner = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=inner)
        deeper = os.open("d", os.O_RDONLY, dir_fd=inner)
        os.close(inner)
        inner = deeper
    os.close(inner)
    assert space.used(tmp_path) >= 0
    subprocess.run(["rm", "-r", tmp_path / "d"], check=True)  # Python's own deletion of it gives up


def test_a_cache_elsewhere_is_named_by_its_path(tmp_path: Path) -> None:
    """Images of GPU machines set their own; one further below is no rest of the data root either."""
    layout = Layout(tmp_path / "data")
    for cache, name in ((tmp_path / "cache", f"{tmp_path}/cache"), (layout.root / "deep" / "cache", "deep/cache")):
        (cache / "models" / "owner--name").mkdir(parents=True)
        (cache / "models" / "owner--name" / "x").write_bytes(os.urandom(100_000))
        assert [one.name for one in space.users(layout, cache)] == [f"{name}/models/owner--name"]
