"""What a kind of destination can do: the one protocol behind mirrors and restic repositories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

from zagent.protect.bad import Bad
from zagent.protect.contents import Contents
from zagent.weights.manifest import File, Manifest
from zagent.weights.progress import Progress

__all__ = ["DOING", "PARTS", "Bad", "Engine", "Entry", "History", "Source", "begins"]

DOING = "zagent backup"
"""What whoever meets a lock is told of its holder."""

PARTS = 7
"""In how many checks all of a destination is read: one a day, all in a week."""


@dataclass(frozen=True)
class Entry:
    """One state of the data root that a destination holds; ``verified`` when its bytes were proved as they came.

    ``why`` says why it is not known which sets those are; empty where it is.
    """

    id: str
    at: datetime | None
    sets: Mapping[str, str]
    size: int
    verified: bool
    why: str = ""


def begins(ids: Iterable[str], beginning: str) -> str:
    """The one id that begins so, as a person gives it. Pure.

    Raises:
        LookupError: there is none, or there are several; its words tell which.
    """
    found = {one for one in ids if one.startswith(beginning)}
    if len(found) != 1:
        raise LookupError(f"several ids begin with {beginning}" if found else f"no id begins with {beginning}")
    return found.pop()


class Source(Protocol):
    """A copy that can be asked what it holds, and for files of it."""

    @property
    def words(self) -> str:
        """What people call it."""

    def sets(self) -> Sequence[Manifest]:
        """The sets of files that it holds.

        Raises:
            DestinationMissing, DestinationFailed, ResticError: it can't tell.
        """

    def settings(self) -> Mapping[str, bytes]:
        """The small files of the data root that it was made from, by name."""

    def fetch(self, wanted: Manifest, files: Sequence[File], folder: Path, progress: Progress) -> Mapping[str, str]:
        """Bring files of a set into ``folder``; why it could not, for each path that is not there then."""


@runtime_checkable
class History(Protocol):
    """A copy that has earlier states beside the one that it shows as a Source."""

    def holding(self, wanted: Manifest) -> Source | None:
        """The newest state that has this very set, which may be itself; None where it is not known of any.

        Raises:
            ProtectError: it can't tell.
        """


class Engine(Source, Protocol):
    """A destination that takes backups."""

    def make(self) -> None:
        """Make what it needs to be one; nothing where it is one.

        Raises:
            ProtectError: it can't be one.
        """

    def keep(self, what: Contents, suspect: Bad, progress: Progress, *, trusted: bool) -> int:
        """Bring it up to date; the bytes that were copied, 0 where nothing changed.

        ``trusted`` is whether the last run ended well, so that what it left as proved is.

        Raises:
            ProtectError: the source is damaged or the destination fails; what it held it still holds.
        """

    def check(self, part: int | None, progress: Progress) -> Bad:
        """Read back one of PARTS, or all of it.

        Raises:
            ProtectError: it can't be read.
        """

    def still(self, suspect: Bad) -> Bad:
        """What earlier checks found (``suspect``) and is bad still, as far as that is told without reading all.

        Raises:
            ProtectError: it can't be read.
        """

    def entries(self) -> Sequence[Entry]:
        """What it holds, oldest first."""

    def forget(self, entry: str, own: str) -> str:
        """Give up one state, named by its id or the beginning of it; the whole id.

        Raises:
            EntryRefused: there is none, several begin so, or it is the newest proved one of ``own``, this data root.
        """
