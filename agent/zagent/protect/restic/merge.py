"""Moving what came back into a folder whose owner may change it meanwhile: by handle, so that no link leads root away.

How deep a user's folders go is up to them; so each is entered from the top, and no more than a few are open at once.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import BinaryIO

from zagent import beneath, erase

CHUNK = 1 << 20

Parts = tuple[str, ...]
"""A path below the folder that is merged, name by name."""


@dataclass
class Merge:
    """The folder ``name`` below the handle ``came``, into ``home`` below the handle ``here``.

    ``files`` are those that were missing and moved; ``differing`` is what was left alone: files with another content,
    and whatever stands where a folder is due.
    """

    came: int
    name: str
    here: int
    home: str
    files: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Move what is missing, from the top down.

        Raises:
            NotADirectoryError: ``home`` itself is a link, or no folder.
            OSError: something can't be moved; what was moved so far stays.
        """
        waiting: list[Parts] = [()]
        while waiting:
            at = waiting.pop()
            try:
                waiting += self._folder(at)
            except NotADirectoryError:
                if not at:
                    raise
                self.differing.append("/".join(at))

    def _folder(self, at: Parts) -> list[Parts]:
        """What is missing in one folder; the folders in it, for which it is done later."""
        with beneath.entered(self.came, self.name, *at) as came, self._target(at, came) as here:
            with os.scandir(came) as found:
                is_folder = {one.name: one.is_dir(follow_symlinks=False) for one in found}
            for name in [one for one in is_folder if not is_folder[one]]:
                self._file((*at, name), came, here)
        return [(*at, name) for name in is_folder if is_folder[name]]

    @contextmanager
    def _target(self, at: Parts, came: int) -> Iterator[int]:
        """The folder, with the owner and mode of its copy where it has to be made."""
        *above, name = (self.home, *at)
        with beneath.entered(self.here, *above) as folder:
            with suppress(FileExistsError), made(folder, name) as handle:
                _like(handle, os.fstat(came))
            with beneath.entered(folder, name) as handle:
                yield handle

    def _file(self, at: Parts, came: int, here: int) -> None:
        path, name = "/".join(at), at[-1]
        if not _exists(here, name):
            os.rename(name, name, src_dir_fd=came, dst_dir_fd=here)
            self.files.append(path)
        elif not _same(came, here, name):
            self.differing.append(path)


@contextmanager
def staging(parent: int, name: str) -> Iterator[int]:
    """A folder of this user's alone; gone afterwards, and what an earlier one left before.

    Raises:
        OSError: it can't be made.
    """
    with suppress(FileNotFoundError):
        erase.within(parent, name)
    try:
        with made(parent, name) as handle:
            yield handle
    finally:
        with suppress(OSError):
            erase.within(parent, name)


@contextmanager
def made(folder: int, name: str) -> Iterator[int]:
    """A new folder, this user's alone.

    Whoever may write above can put another in its place before it is opened. So it is taken from them first, and then
    it has to be empty.

    Raises:
        FileExistsError: there is one, or was by then.
        OSError: it can't be made.
    """
    os.mkdir(name, 0o700, dir_fd=folder)
    with beneath.entered(folder, name) as handle:
        with suppress(PermissionError):  # a filesystem without owners has no links either
            os.fchown(handle, os.geteuid(), -1)
        os.fchmod(handle, 0o700)
        with os.scandir(handle) as found:
            if any(found):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)
        yield handle


def _like(handle: int, wanted: os.stat_result) -> None:
    if os.geteuid() == 0:
        os.fchown(handle, wanted.st_uid, wanted.st_gid)
    os.fchmod(handle, stat.S_IMODE(wanted.st_mode))


def _mode(folder: int, name: str) -> int:
    return os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode


def _exists(folder: int, name: str) -> bool:
    with suppress(FileNotFoundError):
        return bool(_mode(folder, name))
    return False


def _same(came: int, here: int, name: str) -> bool:
    modes = [_mode(folder, name) for folder in (came, here)]
    if all(map(stat.S_ISLNK, modes)):
        return os.readlink(name, dir_fd=came) == os.readlink(name, dir_fd=here)
    return all(map(stat.S_ISREG, modes)) and _same_bytes(came, here, name)


def _same_bytes(came: int, here: int, name: str) -> bool:
    with _reading(came, name) as one, _reading(here, name) as two:
        if os.fstat(one.fileno()).st_size != os.fstat(two.fileno()).st_size:
            return False
        while chunk := one.read(CHUNK):
            if chunk != two.read(CHUNK):
                return False
        return True


def _reading(folder: int, name: str) -> BinaryIO:
    """Waits for nobody, should it be a pipe by now."""
    return os.fdopen(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder), "rb")
