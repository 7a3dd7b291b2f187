"""Files of a stand-in repository, in memory or on disk, sent without a copy of the whole file."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final, Protocol

_HASH_BLOCK: Final = 1024 * 1024


class Source(Protocol):
    """The bytes of one open file."""

    def read(self, offset: int, count: int) -> bytes:
        """Up to `count` bytes from `offset`."""

    def send(self, connection: socket.socket, offset: int, count: int) -> int:
        """Send up to `count` bytes from `offset`; returns how many left. Raises OSError."""


class RepoFile(ABC):
    """A file of the repository: its size in bytes, its hash and a way to open it."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._lock = threading.Lock()
        self._sha256: str | None = None

    @property
    def sha256(self) -> str:
        """Hex SHA-256 of the content, computed at the first use. Raises OSError."""
        with self._lock:
            if self._sha256 is None:
                self._sha256 = self._digest()
            return self._sha256

    @abstractmethod
    def _digest(self) -> str: ...

    @abstractmethod
    def opened(self) -> AbstractContextManager[Source]:
        """The open file, for the length of one response. Raises OSError."""


class MemoryFile(RepoFile):
    """A file given as bytes."""

    def __init__(self, data: bytes) -> None:
        super().__init__(len(data))
        self._view = memoryview(data)

    def _digest(self) -> str:
        return hashlib.sha256(self._view).hexdigest()

    @contextmanager
    def opened(self) -> Iterator[Source]:
        """The bytes themselves."""
        yield _Memory(self._view)


class _Memory:
    def __init__(self, view: memoryview) -> None:
        self._view = view

    def read(self, offset: int, count: int) -> bytes:
        return bytes(self._view[offset : offset + count])

    def send(self, connection: socket.socket, offset: int, count: int) -> int:
        return connection.send(self._view[offset : offset + count])


class DiskFile(RepoFile):
    """A regular file on disk that must not change while it is served."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.stat().st_size)
        self._path = path

    def _digest(self) -> str:
        digest = hashlib.sha256()
        with self._path.open("rb") as file:
            while block := file.read(_HASH_BLOCK):
                digest.update(block)
        return digest.hexdigest()

    @contextmanager
    def opened(self) -> Iterator[Source]:
        """The file, open for reading. Raises OSError."""
        with self._path.open("rb") as file:
            yield _OpenFile(file.fileno())


class _OpenFile:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def read(self, offset: int, count: int) -> bytes:
        return os.pread(self._descriptor, count, offset)

    def send(self, connection: socket.socket, offset: int, count: int) -> int:
        # The kernel copies from the page cache to the socket: constant memory, and no GIL held.
        sent = os.sendfile(connection.fileno(), self._descriptor, offset, count)
        if sent == 0:
            raise OSError("a served file became shorter")
        return sent


def repository_files(source: Mapping[str, bytes] | Path) -> dict[str, RepoFile]:
    """The files of a mapping, or all regular files below a folder, by repository path.

    Raises NotADirectoryError if a given path is no folder.
    """
    if not isinstance(source, Path):
        return {path: MemoryFile(data) for path, data in source.items()}
    if not source.is_dir():
        raise NotADirectoryError(str(source))
    found = sorted(path for path in source.rglob("*") if path.is_file())
    return {path.relative_to(source).as_posix(): DiskFile(path) for path in found}
