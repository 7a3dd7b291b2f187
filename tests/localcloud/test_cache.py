"""The cache: whole or not there, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.localcloud import cache


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of the test's own."""
    monkeypatch.setattr(cache, "HOME", tmp_path / "cache")


def make(folder: Path) -> None:
    """Something worth keeping."""
    (folder / "below").mkdir()
    (folder / "below" / "file").write_text("content")


def never(folder: Path) -> None:
    """What must not be called."""
    raise AssertionError(f"made again in {folder}")


def test_it_is_made_once() -> None:
    """The second caller gets the first one's folder."""
    first = cache.made("thing", "1", make)
    assert (first / "below" / "file").read_text() == "content"
    assert cache.made("thing", "1", never) == first


def test_another_key_is_another_folder() -> None:
    """A changed version never gets the old content."""
    assert cache.key_of("a", "b") != cache.key_of("ab", "")
    assert cache.made("thing", "1", make) != cache.made("thing", "2", make)


def test_one_that_fails_leaves_nothing_that_looks_whole() -> None:
    """The next caller makes it anew."""

    def fail(folder: Path) -> None:
        make(folder)
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        cache.made("thing", "1", fail)
    assert cache.find("thing", "1") is None
    assert [one.name for one in cache.HOME.iterdir()] == ["thing-1.lock"]
    assert cache.made("thing", "1", make).is_dir()


@pytest.mark.parametrize("damage", ["", "short"])
def test_a_damaged_one_is_made_anew(damage: str) -> None:
    """A file that is missing or has another size makes the folder worthless."""
    file = cache.made("thing", "1", make) / "below" / "file"
    if damage:
        file.write_text(damage)
    else:
        file.unlink()
    assert cache.find("thing", "1") is None
    assert (cache.made("thing", "1", make) / "below" / "file").read_text() == "content"
