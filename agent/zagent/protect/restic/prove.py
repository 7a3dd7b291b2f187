"""Proving weights while restic stores them: each file that it has read is hashed right behind it."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from zagent import points
from zagent.errors import SourceDamaged, SourceUnreadable
from zagent.protect.contents import Contents, Weights
from zagent.protect.restic.repository import Stored
from zagent.weights import copying, digest
from zagent.weights.manifest import File

NAMED = 10
"""How many of the files that could not be read are named; below a mount that nobody reads there are thousands."""


class Prover:
    """Compares files with their manifests in a thread of its own. Close it, or use it in a ``with``."""

    def __init__(self, what: Contents) -> None:
        self._files = {str(one.folder / file.path): (one, file) for one in what.weights for file in one.manifest.files}
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._found: dict[str, Future[str]] = {}

    def __enter__(self) -> Prover:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give up what is not done."""
        self._pool.shutdown(cancel_futures=True)

    def hears(self, path: str) -> None:
        """Restic has read this file; whatever is no weights file is passed over."""
        if path in self._files and path not in self._found:
            self._found[path] = self._pool.submit(_why_bad, Path(path), self._files[path][1])

    def bad(self, *, vouched: bool) -> dict[str, tuple[Weights, str]]:
        """Why each bad file is bad, once all are proved: those that restic has read and, unless it is ``vouched`` that
        all look as they did when they were proved last, every other.
        """
        if not vouched:
            for path in self._files:
                self.hears(path)
        found = {path: one.result() for path, one in self._found.items()}
        return {path: (self._files[path][0], why) for path, why in found.items() if why}


def _why_bad(path: Path, wanted: File) -> str:
    try:
        return copying.difference(wanted, path.stat().st_size, digest.sha256(path))
    except OSError as error:
        return error.strerror or str(error)


def judge(stored: Stored, bad: Mapping[str, tuple[Weights, str]]) -> None:
    """Make sure that what is stored is what its manifests say, and that nothing is left out.

    Raises:
        SourceDamaged: weights are ``bad``.
        SourceUnreadable: files could not be read.
    """
    if damaged := [path for path in bad if path not in stored.unread]:
        weights, why = bad[path := min(damaged)]
        others = f"everyone's other files are in the snapshot {stored.id[:8]}, which counts for no whole backup"
        raise SourceDamaged(model=weights.model.words, path=path, why=f"{why}; {others}")
    if stored.unread:
        named = ", ".join(stored.unread[:NAMED])
        more = f" and {len(stored.unread) - NAMED} more" if len(stored.unread) > NAMED else ""
        raise SourceUnreadable(what=f"the snapshot {stored.id[:8]}", why=named + more)
    points.reached("restic:proved")
