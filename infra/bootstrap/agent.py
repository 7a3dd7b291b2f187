"""The agent's own code as it goes to a host: the package that is installed beside this one."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import zagent

PACKAGE = Path(zagent.__file__).parent

START = b"from zagent.__main__ import main\n\nmain()\n"
"""What ``python FOLDER`` runs; unlike with ``-m`` the working folder is then no place to import from."""


def files() -> Iterator[tuple[str, bytes]]:
    """Every file's name on the host and its content, in order."""
    yield "__main__.py", START
    for path in sorted(PACKAGE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield f"zagent/{path.relative_to(PACKAGE).as_posix()}", path.read_bytes()


def key() -> str:
    """A name for this version of the code: it changes with any byte of it, and with nothing else."""
    return digest(files())


def digest(named: Iterator[tuple[str, bytes]]) -> str:
    """A short digest of names and contents."""
    total = hashlib.sha256()
    for name, content in named:
        total.update(f"{name}\0{len(content)}\0".encode() + content)
    return total.hexdigest()[:16]


def archive() -> bytes:
    """The code as a tar file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.mode = 0o644
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()
