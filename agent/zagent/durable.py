"""The one way a file gets its final name: temp beside it, fsync, rename, fsync the folder.

Whatever stands under a final name is whole, also after a power cut. A crash leaves at most a temp file, which
``is_leftover`` knows and ``zagent doctor --fix`` sweeps.
"""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from zagent import points

PREFIX, SUFFIX = ".zagent-", ".tmp"


def write(path: Path, content: bytes, *, replace: bool = True, mode: int = 0o644) -> None:
    """Put ``content`` under ``path``; its folder must exist.

    Raises:
        FileExistsError: ``replace`` is off and the name is taken, be it since a moment ago.
        OSError: nothing was changed.
    """
    with writing(path, replace=replace, mode=mode) as file:
        file.write(content)


@contextlib.contextmanager
def writing(path: Path, *, replace: bool = True, mode: int = 0o644) -> Iterator[BinaryIO]:
    """A file to write that gets the name ``path`` when the block ends well, and vanishes when it does not."""
    handle, name = tempfile.mkstemp(prefix=PREFIX, suffix=SUFFIX, dir=path.parent)
    temp = Path(name)
    try:
        with _named(path), os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        points.reached("durable:temp-written")
        _name(temp, path, replace)
    finally:
        temp.unlink(missing_ok=True)
    points.reached("durable:renamed")
    sync_folder(path.parent)


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """That a disk is full is said of the file that did not fit; the system knows no names where it only writes."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT) and error.filename is None:
            error.filename = str(path)
        raise


def _name(temp: Path, path: Path, replace: bool) -> None:
    if replace:
        temp.replace(path)
    else:
        _link(temp, path)


def _link(temp: Path, path: Path) -> None:
    """Unlike rename, link refuses a name that is taken; without hard links (FAT, some network mounts) look first."""
    try:
        os.link(temp, path)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from error
        temp.replace(path)


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` survive a power cut, where the filesystem can (some network mounts can't)."""
    try:
        _sync(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
            raise


def sync_file(path: Path) -> None:
    """Make the content of ``path`` survive a power cut."""
    _sync(path, os.O_RDONLY)


def _sync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path, mode: int = 0o755) -> None:
    """Create ``folder`` and its missing parents, each made durable; no error when it is there.

    ``mode`` is the folder's alone, its parents get 0755. Both hold whatever the umask says: root's must not decide
    whether others can read the marker and the weights.
    """
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        _make_one(one, mode if one == folder else 0o755)
        sync_folder(one.parent)


def _make_one(folder: Path, mode: int) -> None:
    try:
        folder.mkdir(mode=mode)
    except FileExistsError:
        if not folder.is_dir():
            raise
    else:
        folder.chmod(mode)


def is_leftover(path: Path) -> bool:
    """Whether ``path`` is a temp file of this module, left by a crash."""
    return path.name.startswith(PREFIX) and path.name.endswith(SUFFIX)
