"""QEMU's machine protocol: commands to a running machine and its events, as JSON lines over a Unix socket.

Source: QEMU's docs/interop/qmp-spec.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from tests.localcloud.errors import LocalCloudError

ANSWER_SECONDS = 30


class Refused(LocalCloudError):
    """QEMU did not do what it was told, with its own words."""


class Monitor:
    """A conversation with one machine; QEMU holds one at a time, and lets the next wait."""

    def __init__(self, connection: socket.socket, lines: BinaryIO) -> None:
        self._connection, self._lines = connection, lines
        self._events: list[dict[str, Any]] = []
        self._receive(time.monotonic() + ANSWER_SECONDS)  # the greeting
        self.execute("qmp_capabilities")

    def execute(self, command: str, **arguments: Any) -> Any:
        """What a command returns. An underscore in an argument's name stands for QMP's hyphen.

        Raises:
            Refused: the command failed.
            OSError: the machine ended, or did not answer in ANSWER_SECONDS.
        """
        named = {name.replace("_", "-"): value for name, value in arguments.items()}
        self._connection.sendall(json.dumps({"execute": command, "arguments": named}).encode() + b"\n")
        deadline = time.monotonic() + ANSWER_SECONDS
        while "event" in (answer := self._receive(deadline)):
            self._events.append(answer)
        if "error" in answer:
            raise Refused(f"QEMU refused {command}: {answer['error']['desc']}")
        return answer["return"]

    def console(self, line: str) -> str:
        """What QEMU's console for people prints to a line: nothing if it did what it was told. Raises as ``execute``.

        For the few commands that the protocol lacks.
        """
        return str(self.execute("human-monitor-command", command_line=line)).strip()

    def wait(self, event: str, device: str, seconds: float) -> None:
        """Return when the machine has told of ``event`` for ``device``, be it before this call.

        Raises:
            OSError: the machine ended, or ``seconds`` went by (TimeoutError).
        """
        deadline = time.monotonic() + seconds
        while not any(one["event"] == event and one["data"].get("device") == device for one in self._events):
            self._events.append(self._receive(deadline))

    def _receive(self, deadline: float) -> dict[str, Any]:
        self._connection.settimeout(max(deadline - time.monotonic(), 0.001))
        line = self._lines.readline()
        if not line:
            raise ConnectionResetError("the machine ended")
        message: dict[str, Any] = json.loads(line)
        return message


@contextmanager
def monitor(path: Path) -> Iterator[Monitor]:
    """Talk to the machine whose socket lies at ``path``.

    Raises:
        OSError: there is none.
    """
    with connected(path) as (connection, lines):
        yield Monitor(connection, lines)


@contextmanager
def connected(path: Path) -> Iterator[tuple[socket.socket, BinaryIO]]:
    """A connection to the Unix socket at ``path``, also as lines, for the length of the block.

    Raises:
        OSError: nobody listens there.
    """
    with contextlib.ExitStack() as stack:
        folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
        stack.callback(os.close, folder)
        connection = stack.enter_context(socket.socket(socket.AF_UNIX))
        connection.settimeout(ANSWER_SECONDS)
        # A socket's path holds 107 bytes at most (unix(7)); by way of the folder's descriptor any path will do.
        connection.connect(f"/proc/self/fd/{folder}/{path.name}")
        yield connection, stack.enter_context(connection.makefile("rb"))
