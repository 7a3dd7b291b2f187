"""A command that carries a connection, as OpenSSH's ProxyCommand."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import tempfile
import weakref
from contextlib import suppress
from typing import IO

from zagent import text

from infra.bootstrap.ssh.login import Login
from infra.errors import NoWayIn

LAST_WORDS = 2000
"""Bytes of its standard error in which its last line is looked for."""

GRACE = 2.0
"""Seconds for a proxy to end by itself once its line is cut, and again once it is told to."""


def command(login: Login) -> list[str]:
    """The words of its proxy: split as a shell does, then filled in, so that no name is ever split. Pure.

    Source of the letters: ssh_config(5), "TOKENS".
    """
    known = {"h": login.address, "n": login.address, "p": str(login.port), "r": login.user, "%": "%"}
    return [re.sub("%(.)", lambda found: known.get(found[1], found[0]), word) for word in shlex.split(login.proxy)]


class Proxy:
    """A running one; ``end`` is our end of its line.

    It leads a session of its own: Ctrl-C is ours, and whatever it starts ends with it. It ends with this program, too.

    Raises:
        NoWayIn: there is no such program.
    """

    def __init__(self, login: Login) -> None:
        words = command(login)
        self._name = words[0]
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  it is read for as long as the proxy is known
        self.end, theirs = socket.socketpair()
        with theirs:
            try:
                line = theirs.fileno()
                self._process = subprocess.Popen(
                    words, stdin=line, stdout=line, stderr=self._said, start_new_session=True
                )
            except (FileNotFoundError, PermissionError) as error:
                self.end.close()
                raise NoWayIn(tools=self._name) from error
        self._finish = weakref.finalize(self, _end, self._process, self.end)

    def told(self) -> str:
        """How it ended, or what it complains of; empty while it runs and says nothing."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE)
        code, last = self._process.returncode, _last_line(self._said)
        if code is None:
            return last and f"its proxy {self._name} says: {last}"
        ended = f"ended with exit code {code}" if code >= 0 else f"was ended by signal {-code}"
        return f"its proxy {self._name} {ended}{last and ': '}{last}"

    def close(self) -> None:
        """Cut its line, and see that it ends."""
        self._finish()


def _last_line(said: IO[bytes]) -> str:
    size = os.fstat(said.fileno()).st_size
    tail = os.pread(said.fileno(), LAST_WORDS, max(0, size - LAST_WORDS))
    lines = tail.decode(errors="replace").split("\n")
    return text.printable(next((one.strip() for one in reversed(lines) if one.strip()), ""))


def _end(process: subprocess.Popen[bytes], end: socket.socket) -> None:
    end.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(GRACE)
    _tell(process, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(GRACE)
    _tell(process, signal.SIGKILL)
    process.wait()


def _tell(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """It and all that it started, as far as they are still there."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
