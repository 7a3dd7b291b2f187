"""Writing a file past the page cache, piece by piece: the other half of ``reading``.

A copy of 30 GB would else push out of memory whatever runs on this machine, and each byte would be copied once more.
"""

from __future__ import annotations

import errno
import fcntl
import os

from zagent.weights.reading import BLOCK


class Writing:
    """A file that is written from its beginning to its end; ``handle`` is open for that and empty."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._direct = _set_direct(handle, on=True)

    def write(self, piece: memoryview) -> None:
        """Write all of a piece. It is aligned memory, as ``reading`` gives it, and whole blocks but for the last.

        Raises:
            OSError: the file can't be written.
        """
        while piece:
            if self._direct and len(piece) % BLOCK:
                self._give_in()
            piece = piece[self._write(piece) :]

    def _write(self, piece: memoryview) -> int:
        try:
            return os.write(self._handle, piece)
        except OSError as error:  # the filesystem's blocks are larger than ours
            if error.errno != errno.EINVAL or not self._direct:
                raise
        self._give_in()
        return os.write(self._handle, piece)

    def _give_in(self) -> None:
        self._direct = _set_direct(self._handle, on=False)


def _set_direct(handle: int, *, on: bool) -> bool:
    """Switch O_DIRECT; whether it is on, as some filesystems have none."""
    flags = fcntl.fcntl(handle, fcntl.F_GETFL) & ~os.O_DIRECT
    try:
        fcntl.fcntl(handle, fcntl.F_SETFL, flags | os.O_DIRECT if on else flags)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return False
    return on
