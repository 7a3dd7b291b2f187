"""A socket over which silence has an end: a host that was asked and says nothing is gone, whatever TCP thinks."""

from __future__ import annotations

import errno
import socket
import time

PING = 15.0
"""Seconds between two questions to a host."""

SILENCE = 60.0
"""Seconds for which a question may stay without any answer: one under load answers late, one that is gone never."""


class Wire:
    """What paramiko needs of a socket, with a watch on whether the other side lives.

    ``silent`` says that nothing came for too long, so that it counts as broken.
    """

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._asked: float | None = None
        self.silent = False

    def ask(self) -> None:
        """A question is about to go out: from now on something has to come."""
        if self._asked is None:
            self._asked = time.monotonic()

    def send(self, data: bytes) -> int:
        """Send some of it; the number of bytes that were taken."""
        try:
            return self._end.send(data)
        except TimeoutError:
            self._require_answer()
            raise

    def recv(self, size: int) -> bytes:
        """What came, at most ``size`` bytes; none once the other side has hung up."""
        try:
            came = self._end.recv(size)
        except TimeoutError:
            self._require_answer()
            raise
        self._asked = None
        return came

    def settimeout(self, seconds: float | None) -> None:
        """How long each call may wait."""
        self._end.settimeout(seconds)

    def getpeername(self) -> object:
        """Who is on the other side."""
        return self._end.getpeername()

    @property
    def _closed(self) -> bool:
        """Asked by paramiko when it waits for its thread (paramiko/transport.py, ``stop_thread``)."""
        return self._end.fileno() < 0

    def close(self) -> None:
        """Hang up."""
        self._end.close()

    def _require_answer(self) -> None:
        if self._asked is not None and time.monotonic() - self._asked > SILENCE:
            self.silent = True
            raise ConnectionAbortedError(errno.ECONNABORTED, f"nothing came for {SILENCE:g} s")
