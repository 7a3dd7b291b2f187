"""Bringing a user's folder back as root, into a folder that its owner may change meanwhile."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from zagent import beneath, erase
from zagent.protect.restic import password
from zagent.protect.restic.merge import Merge, made
from zagent.protect.restic.run import Restic

from tests.protect.place import NAME
from tests.protect.restic.conftest import Archived, copied
from tests.weights import files

STORED = {"x/ssh.service.d/evil.conf": b"evil", "x/y": b"y", "fox.png": b"a fox"}


@pytest.fixture
def home(archived: Archived) -> Path:
    """Ann's folder, as it is in the newest snapshot."""
    home = files.written(archived.store.settings.layout.home("ann"), STORED)
    archived.said("backup")
    return home


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A folder of root's."""
    folder = tmp_path / "system"
    folder.mkdir()
    return folder


@contextmanager
def handles(*paths: Path) -> Iterator[list[int]]:
    """Of folders."""
    found = [os.open(one, os.O_RDONLY) for one in paths]
    try:
        yield found
    finally:
        for one in found:
            os.close(one)


def opened() -> int:
    """How many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("link", ["x", "x/ssh.service.d"])
def test_a_link_where_a_folder_is_due_is_not_followed(archived: Archived, home: Path, victim: Path, link: str) -> None:
    """It is named and left alone with all below; the rest comes back."""
    shutil.rmtree(home / link)
    (home / link).symlink_to(victim)
    (home / "fox.png").unlink()
    found = archived.told("restore", "--users", "ann", "--dry-run")
    assert (found["files"], found["differing"]) == (["fox.png"], [link])
    found = archived.told("restore", "--users", "ann")
    assert (found["files"], found["differing"]) == (["fox.png"], [link])
    assert list(victim.iterdir()) == []
    assert (home / link).readlink() == victim


def test_a_file_where_a_folder_is_due_stays(archived: Archived, home: Path) -> None:
    """As everything of theirs does."""
    shutil.rmtree(home / "x")
    (home / "x").write_bytes(b"a file now")
    assert "kept: x is here with another content" in archived.said("restore", "--users", "ann")
    assert files.below(home) == {"x": b"a file now", "fox.png": b"a fox"}


@pytest.mark.parametrize("words", [(), ("--dry-run",)])
def test_a_home_that_is_a_link_is_refused(archived: Archived, home: Path, victim: Path, words: tuple[str]) -> None:
    """Whoever has one elsewhere says so with --to."""
    shutil.rmtree(home)
    home.symlink_to(victim)
    assert "is a link" in archived.said("restore", "--users", "ann", *words, code=2)
    assert list(victim.iterdir()) == []


def test_what_waits_for_the_move_is_nobody_elses(archived: Archived, home: Path, victim: Path) -> None:
    """Where the folder above is a user's, a link may stand there, too."""
    waits = home / ".restoring-ann"
    waits.symlink_to(victim)
    archived.said("restore", "--users", "ann", "--to", str(home / "back"))
    assert files.below(home / "back") == STORED
    assert list(victim.iterdir()) == []
    assert not os.path.lexists(waits)


def test_what_takes_the_place_of_a_new_folder_is_not_taken_for_it(
    tmp_path: Path, victim: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a link nor a folder that somebody made ready."""
    make = os.mkdir
    ready = files.written(tmp_path / "ready", {"file": b""})

    def swapped(name: str, mode: int, *, dir_fd: int) -> None:
        make(name, mode, dir_fd=dir_fd)
        os.rename(name, "away", src_dir_fd=dir_fd, dst_dir_fd=dir_fd)
        os.rename(trap, name, dst_dir_fd=dir_fd)

    monkeypatch.setattr(os, "mkdir", swapped)
    with handles(tmp_path) as (folder,):
        for trap, error in ((ready, FileExistsError), (tmp_path / "link", NotADirectoryError)):
            (tmp_path / "link").unlink(missing_ok=True)
            (tmp_path / "link").symlink_to(victim)
            with pytest.raises(error), made(folder, trap.name + "-new"):
                pass
            (tmp_path / "away").rmdir()


@pytest.mark.root
def test_owners_and_modes_come_back(archived: Archived) -> None:
    """Of folders and files; what is there keeps its own."""
    home = files.written(archived.store.settings.layout.home("ann"), STORED)
    for path in (home, *home.rglob("*")):
        os.chown(path, 4321, 4321)
    (home / "x").chmod(0o2750)
    archived.said("backup")
    shutil.rmtree(home / "x")
    home.chmod(0o711)
    os.chown(home, 4321, 1)
    archived.said("restore", "--users", "ann")
    found = {path: path.stat() for path in (home, home / "x", home / "x/y")}
    assert [(one.st_uid, one.st_gid) for one in found.values()] == [(4321, 1), (4321, 4321), (4321, 4321)]
    assert [oct(one.st_mode & 0o7777) for one in found.values()][:2] == ["0o711", "0o2750"]


def test_links_come_back_as_links_and_differ_as_such(archived: Archived) -> None:
    """What they lead to is neither compared nor changed."""
    home = files.written(archived.store.settings.layout.home("ann"), {"one": b"1", "two": b"1"})
    for name, target in {"gone": "one", "same": "one", "other": "one"}.items():
        (home / name).symlink_to(target)
    archived.said("backup")
    (home / "gone").unlink()
    (home / "other").unlink()
    (home / "other").symlink_to("two")
    found = archived.told("restore", "--users", "ann")
    assert (found["files"], found["differing"]) == (["gone"], ["other"])
    assert (home / "gone").readlink() == Path("one")


def test_a_dry_run_lists_what_would_come_and_changes_nothing(archived: Archived, home: Path) -> None:
    """The same that then comes."""
    (home / "x/y").unlink()
    (home / "fox.png").write_bytes(b"another fox")
    before = files.below(home)
    found = archived.told("restore", "--users", "ann", "--dry-run")
    assert (found["files"], found["differing"], found["dry_run"]) == (["x/y"], ["fox.png"], True)
    assert files.below(home) == before
    came = archived.told("restore", "--users", "ann")
    assert (came["files"], came["differing"], came["dry_run"]) == (["x/y"], ["fox.png"], False)


def test_a_dry_run_without_a_folder_lists_all_and_makes_none(archived: Archived, home: Path) -> None:
    """Neither the user's nor the one above."""
    shutil.rmtree(home.parent)
    said = archived.said("restore", "--users", "ann", "--dry-run")
    assert [one for one in sorted(STORED) if f"would restore {one}\n" in said] == sorted(STORED)
    assert f"ann: 3 files to restore into {home}" in said
    assert not home.parent.exists()


@pytest.mark.parametrize(
    "words", [("ann", "--model", "a/b"), ("ann", "--revision", "v2"), ("",)], ids=["model", "revision", "no name"]
)
def test_a_person_is_no_model(archived: Archived, home: Path, words: tuple[str, ...]) -> None:
    """Nothing comes back that was not asked for: no weights either, where a script's variable is empty."""
    shutil.rmtree(home)
    (archived.snapshot / files.VAE).unlink()
    archived.said("restore", "--users", *words, code=2)
    assert not home.exists()
    assert not (archived.snapshot / files.VAE).exists()


@pytest.mark.parametrize("state", ["empty", "unplugged"])
def test_a_repository_that_has_it_not_keeps_no_other_from_it(
    archived: Archived, home: Path, empty: Restic, state: str
) -> None:
    """It is told what was the matter; where no other has it either that is the error."""
    layout, first = archived.store.settings.layout, archived.root.with_name("first")
    copied(empty, archived.program, first, password.path(layout, "first"))
    archived.said("backup", "remove", NAME)
    archived.said("backup", "add", "first", f"restic:{first}", "--same-device")
    archived.said("backup", "add", NAME, archived.target, "--same-device")
    if state == "unplugged":
        first.rename(first.with_name("away"))
    shutil.rmtree(home)
    assert str(first) in archived.said("restore", "--users", "ann")
    assert files.below(home) == STORED
    archived.said("restore", "--users", "nobody", code=45 if state == "empty" else 42)


@pytest.fixture
def few_files() -> Iterator[None]:
    """The process may have only a few more files open."""
    old = resource.getrlimit(resource.RLIMIT_NOFILE)
    last = max(int(one.name) for one in Path("/proc/self/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (last + 20, old[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, old)


@pytest.mark.usefixtures("few_files")
def test_how_deep_a_tree_is_ends_nothing(tmp_path: Path) -> None:
    """Deeper than files may be open: it is up to a user how deep theirs is."""
    came, here, deep = tmp_path / "came", tmp_path / "here", "d/" * 100
    (came / "ann" / deep).mkdir(parents=True)
    (came / "ann" / deep / "file").write_bytes(b"deep")
    here.mkdir()
    with handles(came, here) as (one, two):
        moved = Merge(one, "ann", two, "home")
        moved.run()
        assert moved.files == [f"{deep}file"]
        erase.within(one, "ann")
        erase.below(tmp_path, here / "home")
    assert [*came.iterdir(), *here.iterdir()] == []


def test_a_handle_is_closed_on_the_way(tmp_path: Path) -> None:
    """Also where the way ends."""
    (tmp_path / "a/b").mkdir(parents=True)
    before = opened()
    with beneath.opened(tmp_path) as top, beneath.entered(top, "a", "b"):
        assert opened() == before + 2
        with pytest.raises(FileNotFoundError), beneath.entered(top, "a", "c"):
            pass
    assert opened() == before
