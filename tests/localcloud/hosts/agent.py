"""QEMU's guest agent: what the running system says of itself, as JSON lines over a Unix socket.

Source: QEMU's docs/interop/qemu-ga-ref.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any, BinaryIO

from tests.localcloud.hosts.qmp import Refused, connected

DELIMITER = b"\xff"
"""Goes before the answer to guest-sync-delimited, and makes the agent forget half a request. JSON never has it."""


def mounts(path: Path, serial: str) -> bool:
    """Whether a filesystem is mounted that lies on the disk with this serial number.

    Raises:
        Refused: the agent could not tell.
        OSError: the agent did not answer in qmp.ANSWER_SECONDS.
    """
    filesystems = ask(path, "guest-get-fsinfo")
    return any(serial in disk.get("serial", "") for one in filesystems for disk in one["disk"])


def ask(path: Path, command: str) -> Any:
    """What a command of the agent behind the socket at ``path`` returns. Raises as ``mounts`` does."""
    with connected(path) as (connection, lines):
        connection.sendall(DELIMITER + _request("guest-sync-delimited", id=(number := secrets.randbelow(1 << 31))))
        while _synchronized(lines) != number:
            pass  # what an earlier conversation left
        connection.sendall(_request(command))
        answer = json.loads(_line(lines))
    if "error" in answer:
        raise Refused(f"The guest agent refused {command}: {answer['error']['desc']}")
    return answer["return"]


def _request(command: str, **arguments: Any) -> bytes:
    return json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n"


def _synchronized(lines: BinaryIO) -> Any:
    """The number that an answer to guest-sync-delimited carries, None for another answer."""
    _, delimiter, answer = _line(lines).rpartition(DELIMITER)
    return json.loads(answer).get("return") if delimiter else None


def _line(lines: BinaryIO) -> bytes:
    if line := lines.readline():
        return line
    raise ConnectionResetError("the machine ended")
