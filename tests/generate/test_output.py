"""Where images go."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from zagent import settings
from zagent.errors import DataRootMissing, NotAdopted, NotWritable, OutputExists, UsageError
from zagent.generate.output import make_folder, paths
from zagent.settings import Settings
from zagent.volume.adopt import adopt
from zagent.volume.suitable import Ask


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    """A data root without weights."""
    root = tmp_path / "data"
    root.mkdir()
    adopt(root, Ask(system_disk=True, minimum_free=0))
    return settings.load(root)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder to name with -o; whatever was decided, nothing was made in it."""
    found = tmp_path / "pictures"
    found.mkdir()
    (found / "taken.png").touch()
    yield found
    assert [one.name for one in found.iterdir()] == ["taken.png"]


def test_without_a_name_images_go_to_the_users_own_folder(here: Settings) -> None:
    """They get time and seed as names, below users/<user>/outputs, and nothing is made before it is needed."""
    found = paths(None, [7, 8], here, overwrite=False)
    assert {one.parent for one in found} == {here.data_root / "users" / here.user / "outputs"}
    assert [one.name.rsplit("-", 1)[1] for one in found] == ["7.png", "8.png"]
    assert not (here.data_root / "users").exists()


def test_the_users_folder_is_theirs_alone(here: Settings) -> None:
    """Only the owner may look into users/<user>; others may still have theirs beside it."""
    make_folder(paths(None, [7], here, overwrite=False)[0].parent, here)
    home = here.layout.home(here.user)
    assert home.stat().st_mode & 0o777 == 0o700
    assert home.parent.stat().st_mode & 0o777 == 0o755


def test_a_folder_or_file_is_named(here: Settings, folder: Path) -> None:
    """An existing folder, a new one, a file, and a file for several images, which get their seeds."""
    assert paths(folder, [7], here, overwrite=False)[0].parent == folder
    assert paths(folder / "new", [7], here, overwrite=False)[0].parent == folder / "new"
    assert paths(folder / "fox.png", [7], here, overwrite=False) == [folder / "fox.png"]
    both = paths(folder / "fox.PNG", [7, 8], here, overwrite=False)
    assert both == [folder / "fox-7.PNG", folder / "fox-8.PNG"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("fox.jpg", "must end in .png"),
        ("absent/below/fox.png", "does not exist"),
        ("absent/below", "does not exist"),
        ("taken.png/fox.png", "is not a folder"),
    ],
)
def test_a_name_that_can_not_be_is_refused(here: Settings, folder: Path, name: str, why: str) -> None:
    """Another kind of file, or a folder more than one level away, is a usage error."""
    with pytest.raises(UsageError, match=why):
        paths(folder / name, [7], here, overwrite=False)


def test_a_file_where_a_folder_is_named_is_refused(here: Settings, tmp_path: Path) -> None:
    """-o README, where README is a file."""
    (tmp_path / "README").touch()
    with pytest.raises(UsageError, match="README is not a folder"):
        paths(tmp_path / "README", [7], here, overwrite=False)


def test_a_taken_name_is_refused(here: Settings, folder: Path) -> None:
    """A file of that name, and with --overwrite none."""
    with pytest.raises(OutputExists):
        paths(folder / "taken.png", [7], here, overwrite=False)
    assert paths(folder / "taken.png", [7], here, overwrite=True) == [folder / "taken.png"]


def test_one_taken_name_of_several_is_refused(here: Settings, tmp_path: Path) -> None:
    """Of four names the third is taken: nothing is begun. A link that leads nowhere takes its name too."""
    (tmp_path / "fox-9.png").symlink_to("nowhere")
    with pytest.raises(OutputExists, match=r"fox-9\.png exists"):
        paths(tmp_path / "fox.png", [7, 8, 9, 10], here, overwrite=False)


def test_the_own_folder_needs_the_data_root(here: Settings, tmp_path: Path) -> None:
    """Without marker, or without the path, nothing is decided and no folder is made."""
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(NotAdopted):
        paths(None, [7], settings.load(empty), overwrite=False)
    with pytest.raises(DataRootMissing):
        paths(None, [7], settings.load(tmp_path / "gone"), overwrite=False)
    assert not list(empty.iterdir())
    assert not (tmp_path / "gone").exists()


@pytest.mark.root
def test_a_folder_that_takes_no_write_is_refused(here: Settings, tmp_path: Path) -> None:
    """Another user's folder is refused before anything is loaded, and the error names the user."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for one in (tmp_path, *tmp_path.parents):
        if Path(tempfile.gettempdir()) in one.parents:
            one.chmod(one.stat().st_mode | 0o011)
    closed.chmod(0o555)
    os.seteuid(65534)
    try:
        with pytest.raises(NotWritable, match="closed can't be read or written as user nobody"):
            paths(closed / "fox.png", [7], here, overwrite=False)
    finally:
        os.seteuid(0)
