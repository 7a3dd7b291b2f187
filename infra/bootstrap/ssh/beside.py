"""A command that goes on beside the others of a connection."""

from __future__ import annotations

from contextlib import suppress

import paramiko

FIRST_LINE = 60.0
"""Seconds for its first line."""

FAREWELL = 10.0
"""Seconds for it to end once its input has."""


class Beside:
    """One that was begun and has printed its first line; see Held.

    Raises:
        OSError, EOFError, paramiko.SSHException: the connection broke, or no line came.
    """

    def __init__(self, channel: paramiko.Channel, command: str) -> None:
        self._channel = channel
        channel.set_combine_stderr(True)
        channel.settimeout(FIRST_LINE)
        channel.exec_command(command)
        came = b""
        while b"\n" not in came and (piece := channel.recv(1000)):
            came += piece
        self._line = came.decode(errors="replace").partition("\n")[0].strip()

    @property
    def line(self) -> str:
        """The first one it printed."""
        return self._line

    def beat(self) -> None:
        """A sign that this side lives; nothing where the other has ended."""
        if not self._channel.closed and not self._channel.exit_status_ready():
            self._channel.send(b"\n")

    def close(self) -> None:
        """End its input; wait until it has ended."""
        with suppress(OSError, EOFError, paramiko.SSHException):
            self._channel.settimeout(FAREWELL)
            self._channel.shutdown_write()
            while self._channel.recv(1000):
                continue
        self._channel.close()
