"""The repository that the stand-in hub serves, and its answers in the hub's JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from tests.standin.content import RepoFile

_NOT_FOUND: Final = 10010205001  # the hub's own number for a missing repository or file


@dataclass
class Repository:
    """One model repository at one revision.

    `name` is the branch that clients ask for, `commit` the hash that the listing shows for it.
    `listing_sha256` puts the hashes into the listing, `linked_etag` into a header of each file.
    """

    repo: str
    files: dict[str, RepoFile]
    name: str
    commit: str
    listing_sha256: bool
    linked_etag: bool

    def has_revision(self, asked: str | None) -> bool:
        """Whether a request for this revision is about the one that is served."""
        return asked in (None, "", self.name, self.commit)

    def info(self) -> dict[str, Any]:
        """The repository's description."""
        owner, _, name = self.repo.partition("/")
        return success({"Path": owner, "Name": name, "Revision": self.name})

    def listing(self, root: str, recursive: bool) -> dict[str, Any] | None:
        """Files and folders below `root` ("" for all), None if there are none.

        Hashes files whose hash is not known yet, so a first call may take long. Raises OSError.
        """
        # Another thread may put a file in the meantime.
        files = dict(self.files)
        entries = [self._folder(path) for path in _folders(files) if _is_below(path, root)]
        entries += [self._blob(path, file) for path, file in files.items() if _is_below(path, root)]
        entries = [entry for entry in entries if recursive or _is_child(entry["Path"], root)]
        return success({"Files": entries}) if entries else None

    def _folder(self, path: str) -> dict[str, Any]:
        return self._entry(path, "tree", 0)

    def _blob(self, path: str, file: RepoFile) -> dict[str, Any]:
        entry = self._entry(path, "blob", file.size)
        if self.listing_sha256:
            entry["Sha256"] = file.sha256
        return entry

    def _entry(self, path: str, kind: str, size: int) -> dict[str, Any]:
        return {
            "Name": PurePosixPath(path).name,
            "Path": path,
            "Type": kind,
            "Size": size,
            "Revision": self.commit,
        }


def success(data: dict[str, Any]) -> dict[str, Any]:
    """Wrap an answer the way the hub does."""
    return {"Code": 200, "Success": True, "Message": "success", "Data": data}


def failure(status: int, message: str) -> dict[str, Any]:
    """The hub's error body for an HTTP status."""
    code = _NOT_FOUND if status == 404 else status
    return {"Code": code, "Success": False, "Message": message, "RequestId": "stand-in"}


def _folders(paths: Iterable[str]) -> list[str]:
    parents = {str(parent) for path in paths for parent in PurePosixPath(path).parents}
    return sorted(parents - {".", "/"})


def _is_below(path: str, root: str) -> bool:
    return not root or path.startswith(f"{root}/")


def _is_child(path: str, root: str) -> bool:
    return str(PurePosixPath(path).parent) == (root or ".")
