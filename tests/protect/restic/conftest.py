"""A place whose copies go to a restic repository, once with each version of restic."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from zagent.protect.restic import password
from zagent.protect.restic.engine import ResticEngine
from zagent.protect.restic.run import Restic

from tests.protect.place import NAME, Place
from tests.protect.restic import versions

VERSIONS: dict[str, Callable[[], Path | None]] = {"system": versions.system, "current": versions.current}


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


@pytest.fixture(params=VERSIONS)
def program(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One version of restic, the only one on PATH."""
    found = VERSIONS[request.param]()
    if found is None:
        pytest.skip(f"no {request.param} restic: install restic, or Go to build it")
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "restic").symlink_to(found)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("RESTIC_CACHE_DIR", str(tmp_path / "cache"))
    return folder / "restic"


@pytest.fixture
def archived(place: Place, program: Path) -> Archived:
    """A data root whose repository holds one proved snapshot."""
    made = Archived(place.root, place.copy, program=program)
    made.said("backup", "add", NAME, made.target, "--same-device")
    made.said("backup")
    return made
