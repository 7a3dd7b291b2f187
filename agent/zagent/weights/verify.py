"""``zagent verify``: is every byte still what the manifest says?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from zagent.weights import digest
from zagent.weights.manifest import File, Manifest

Problem = Literal["missing", "size", "content", "unreadable"]


@dataclass(frozen=True)
class Bad:
    """A file that is not what it should be; ``found`` and ``expected`` are sizes, hashes or an error's text."""

    path: str
    problem: Problem
    expected: str
    found: str


@dataclass(frozen=True)
class Report:
    """The outcome: what is bad, and what lies in the snapshot that the manifest does not name."""

    files: int
    bytes_read: int
    bad: tuple[Bad, ...]
    extra: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether every file is right; extra files do no harm."""
        return not self.bad


def verify(folder: Path, wanted: Manifest, *, quick: bool, on_bytes: digest.OnBytes = lambda count: None) -> Report:
    """Compare every file of ``wanted`` with what lies in ``folder``; ``quick`` compares sizes only.

    Nothing stops it: a file that can't be read is reported like any other, and the rest are still looked at.
    """

    def look(one: File) -> Bad | None:
        return _size(folder, one) or (None if quick else _content(folder, one, on_bytes))

    found = digest.in_parallel(look, sorted(wanted.files, key=lambda one: -one.size))
    bad = sorted((one for one in found if one), key=lambda one: one.path)
    return Report(len(wanted.files), 0 if quick else wanted.size, tuple(bad), tuple(extra(folder, wanted)))


def _size(folder: Path, wanted: File) -> Bad | None:
    try:
        size = (folder / wanted.path).stat().st_size
    except FileNotFoundError:
        return Bad(wanted.path, "missing", f"{wanted.size} bytes", "no file")
    except OSError as error:
        return Bad(wanted.path, "unreadable", f"{wanted.size} bytes", error.strerror or str(error))
    if size == wanted.size:
        return None
    return Bad(wanted.path, "size", f"{wanted.size} bytes", f"{size} bytes")


def _content(folder: Path, wanted: File, on_bytes: digest.OnBytes) -> Bad | None:
    try:
        found = digest.sha256(folder / wanted.path, on_bytes)
    except OSError as error:
        return Bad(wanted.path, "unreadable", wanted.sha256, error.strerror or str(error))
    return None if found == wanted.sha256 else Bad(wanted.path, "content", wanted.sha256, found)


def extra(folder: Path, wanted: Manifest) -> list[str]:
    """The files in the snapshot that the manifest does not name, partial downloads among them."""
    named = {one.path for one in wanted.files}
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    return sorted(path for path in found if path not in named)
