"""A place whose copies go to a restic repository, with one version of restic or, where they differ, with each."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from zagent.protect.restic import password, repository
from zagent.protect.restic.engine import ResticEngine
from zagent.protect.restic.run import Restic

from tests.protect.place import NAME, Place
from tests.protect.restic import opening, versions

VERSIONS: dict[str, Callable[[], Path | None]] = {"system": versions.system, "current": versions.current}

each_version = pytest.mark.parametrize("program", VERSIONS, indirect=True)
"""For what restic decides: exit codes, messages, locks, what is read and what is mended. The rest is zagent's."""


@dataclass
class Archived(Place):
    """``copy`` is the folder of the repository."""

    program: Path = Path()

    @property
    def target(self) -> str:
        """The repository as `zagent backup add` takes it."""
        return f"restic:{self.copy}"

    @property
    def password(self) -> Path:
        """The file of its password."""
        return password.path(self.store.settings.layout, NAME)

    @property
    def engine(self) -> ResticEngine:
        """The repository as zagent sees it, each time anew."""
        return ResticEngine(str(self.copy), self.password)

    @property
    def restic(self) -> Restic:
        """The same, as a person runs it by hand."""
        return Restic(self.program, str(self.copy), self.password)

    @property
    def packs(self) -> list[Path]:
        """The files that hold the data, largest first."""
        return sorted((self.copy / "data").glob("*/*"), key=lambda one: -one.stat().st_size)


@pytest.fixture
def program(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One version of restic, the only one on PATH: the current one where the test does not say which."""
    named = getattr(request, "param", "")
    found = VERSIONS[named]() if named else versions.newest()
    if found is None:
        pytest.skip(f"no {named} restic: install restic, or Go to build it")
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "restic").symlink_to(found)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("RESTIC_CACHE_DIR", str(tmp_path / "cache"))
    return folder / "restic"


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Restic:
    """A repository with nothing in it that opens at once, by any version: to be copied."""
    program = versions.newest()
    if program is None:
        pytest.skip("no restic: install restic, or Go to build it")
    folder = tmp_path_factory.mktemp("empty")
    made = Restic(program, str(folder / "repository"), folder / "password")
    password.ensure(made.password_file)
    repository.init(made)
    opening.cheapen(Path(made.address), made.password_file)
    return made


def copied(empty: Restic, program: Path, target: Path, password_file: Path) -> Restic:
    """A copy of the empty repository with its password, for one version of restic."""
    password_file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(empty.password_file, password_file)
    shutil.copytree(empty.address, target)
    return Restic(program, str(target), password_file)


def begun(place: Place, program: Path, empty: Restic, folder: Path) -> Archived:
    """A data root with a repository in ``folder``, and one proved snapshot in that."""
    made = Archived(place.root, folder, program=program)
    copied(empty, program, made.copy, made.password)
    made.said("backup", "add", NAME, made.target, "--same-device")
    made.said("backup")
    return made


@pytest.fixture
def archived(place: Place, program: Path, empty: Restic) -> Archived:
    """A data root whose repository holds one proved snapshot."""
    return begun(place, program, empty, place.copy)
