"""A stand-in for the model hub: serves one repository over HTTP on loopback."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final

from tests.standin.content import MemoryFile, repository_files
from tests.standin.faults import FaultTable
from tests.standin.rate import TokenBucket
from tests.standin.repository import Repository
from tests.standin.requestlog import Request
from tests.standin.server import Server, Site

REPO_ID: Final = "Tongyi-MAI/Z-Image-Turbo"
COMMIT: Final = "7b1f0e5d3c9a48264f6e8d2a1c0b9e7f5d3a6c48"
_POLL_SECONDS: Final = 0.02


class Hub:
    """A hub that runs between `start` and `stop`, or for the length of a `with` block.

    files: the repository, as bytes by path or as a folder that is read when the hub is made.
    repo: id of the repository, "owner/name". port: TCP port, 0 for any free one.
    revision: branch that clients may ask for. commit: hash that the listing shows for it,
    which clients may ask for too. listing_sha256: whether the listing carries hashes.
    linked_etag: whether each file comes with its hash in X-Linked-ETag.
    rate: bytes per second of all connections together, None for no cap.
    token: what a client must send, as bearer or as cookie, to get anything but 401.

    Raises NotADirectoryError for a missing folder and ValueError for a rate not above zero.
    """

    def __init__(
        self,
        files: Mapping[str, bytes] | Path,
        *,
        repo: str = REPO_ID,
        port: int = 0,
        revision: str = "master",
        commit: str = COMMIT,
        listing_sha256: bool = True,
        linked_etag: bool = False,
        rate: float | None = None,
        token: str | None = None,
    ) -> None:
        content = repository_files(files)
        self._repository = Repository(repo, content, revision, commit, listing_sha256, linked_etag)
        self._site = Site(self._repository, token, TokenBucket(rate) if rate is not None else None)
        self._port = port
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Address to use as the hub's endpoint. Raises RuntimeError if the hub does not run."""
        if self._server is None:
            raise RuntimeError("the hub does not run")
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def faults(self) -> FaultTable:
        """Faults by file path, to be set and removed at any time."""
        return self._site.faults

    @property
    def log(self) -> tuple[Request, ...]:
        """All requests since the start or the last reset, oldest first."""
        return self._site.log.snapshot()

    @property
    def body_bytes(self) -> int:
        """Body bytes of repository files sent so far, without listings and error bodies."""
        return sum(request.bytes_sent for request in self.log)

    def reset_log(self) -> None:
        """Forget all requests, which also sets body_bytes to zero."""
        self._site.log.clear()

    def requests_for(self, path: str) -> tuple[Request, ...]:
        """The logged requests for one repository file."""
        return tuple(request for request in self.log if request.file == path)

    def put(self, path: str, data: bytes, commit: str | None = None) -> None:
        """Add or replace a file, as a push to the repository does, under a new commit if given."""
        self._repository.files[path] = MemoryFile(data)
        if commit is not None:
            self._repository.commit = commit

    def hash_files(self) -> None:
        """Hash all files now, so that the first listing does not wait. Raises OSError."""
        for file in self._repository.files.values():
            _ = file.sha256

    def start(self) -> None:
        """Serve in the background. Raises OSError if the port is taken, RuntimeError if running."""
        if self._server is not None:
            raise RuntimeError("the hub already runs")
        self._site.stopping.clear()
        self._server = Server(self._port, self._site)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="stand-in hub", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Close all connections and join all threads; a stopped hub does nothing.

        Raises RuntimeError if answering a request failed through a defect of the stand-in.
        """
        if self._server is None or self._thread is None:
            return
        server, thread = self._server, self._thread
        self._server = self._thread = None
        server.shutdown()
        thread.join()
        self._site.stopping.set()
        self.faults.release_stalls()
        server.cut_connections()
        server.server_close()
        if server.errors:
            raise RuntimeError("the stand-in hub failed to answer a request") from server.errors[0]

    def __enter__(self) -> Hub:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
