"""Copying a file so that its name is given only to bytes that were proved while they passed."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from zagent import durable, points
from zagent.weights import digest
from zagent.weights.manifest import File
from zagent.weights.reading import read_from_disk
from zagent.weights.writing import Writing

FICLONE = 0x40049409
"""Share the blocks of another file of the same filesystem (linux/fs.h)."""


class Unproved(Exception):
    """The source is not what it should be; no name was given to the copy. Says what was found."""


class Unreadable(OSError):
    """The source can't be read, as opposed to an error of the target; no name was given to the copy."""


def copy(source: Path, target: Path, on_bytes: digest.OnBytes, wanted: File | None = None) -> str:
    """Copy ``source`` to the name ``target``; the SHA-256 of the bytes, each read once.

    On one filesystem that can share blocks (XFS, btrfs) they are shared, and the clone is what is hashed.

    Raises:
        Unproved: it is not the file ``wanted``; what stood under ``target`` still does.
        Unreadable: the source can't be read, likewise.
        OSError: ``target`` can't be written.
    """
    found = hashlib.sha256()
    with durable.writing(target) as file:
        cloned = _clone(source, file)
        writing = None if cloned else Writing(file.fileno())
        pieces = _read(Path(f"/proc/self/fd/{file.fileno()}") if cloned else source)
        for piece in digest.passing(pieces, found, on_bytes):
            if writing:
                writing.write(piece)
        if wanted and (why := difference(wanted, file.seek(0, os.SEEK_END), found.hexdigest())):
            raise Unproved(why)
    return found.hexdigest()


def difference(wanted: File, size: int, sha256: str) -> str:
    """Why a file of ``size`` bytes with this hash is not the one wanted; empty where it is. Pure."""
    if size != wanted.size:
        return f"it has {size} bytes instead of {wanted.size}"
    return "" if sha256 == wanted.sha256 else f"its SHA-256 is {sha256}, not {wanted.sha256}"


def copy_all(source: Path, target: Path, files: Sequence[File], on_bytes: digest.OnBytes) -> dict[str, str]:
    """Copy files of a manifest from one folder to another, the largest first; why each bad one got no name.

    A bad file does not keep the others from being copied: its disk may not give them a second time.

    Raises:
        OSError: ``target`` can't be written.
    """
    bad: dict[str, str] = {}

    def one(file: File) -> None:
        durable.make_folder((target / file.path).parent)
        try:
            copy(source / file.path, target / file.path, on_bytes, file)
        except Unproved as error:
            bad[file.path] = str(error)
        except Unreadable as error:
            bad[file.path] = error.strerror or str(error)
        points.reached("copying:file-done")

    digest.in_parallel(one, sorted(files, key=lambda file: -file.size))
    return bad


def proved(source: Path, wanted: File, on_bytes: digest.OnBytes) -> Iterator[memoryview]:
    """The bytes of ``source`` in pieces, each valid until the next is asked for; at the end they were ``wanted``'s.

    Raises:
        Unproved: behind the last piece: they were not.
        Unreadable: the source can't be read.
    """
    found, size = hashlib.sha256(), 0
    for piece in digest.passing(_read(source), found, on_bytes):
        size += len(piece)
        yield piece
    if why := difference(wanted, size, found.hexdigest()):
        raise Unproved(why)


def _read(source: Path) -> Iterator[memoryview]:
    try:
        yield from read_from_disk(source)
    except OSError as error:
        raise Unreadable(error.errno, error.strerror, str(source)) from error


def _clone(source: Path, file: BinaryIO) -> bool:
    try:
        with source.open("rb") as original:
            fcntl.ioctl(file.fileno(), FICLONE, original.fileno())
    except OSError:  # another filesystem, one that can't, or a source that can't be opened: reading it tells
        return False
    return True


def sweep(folder: Path) -> None:
    """Delete the half copies of a killed copier, or their room would be lacking now.

    Safety contract: only names that ``durable`` gives to temp files, below the one folder that the caller is to write,
    and only while it holds that folder's lock: who wrote them is dead.
    """
    for path in folder.rglob("*"):
        if durable.is_leftover(path):
            path.unlink(missing_ok=True)
