"""The client of the guest agent, against a peer that says what the agent would; test_disks asks a real one."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.localcloud.hosts import agent
from tests.localcloud.hosts.qmp import Refused

STALE = b'{"error": {"desc": "half a request"}}\n\xff{"return": -1}\n'
"""What an earlier conversation may have left unread."""

FILESYSTEMS = [
    {"mountpoint": "/proc", "disk": []},
    {"mountpoint": "/mnt", "disk": [{"dev": "/dev/vda"}, {"serial": "vol0abc", "dev": "/dev/vdb"}]},
]


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[Callable[[Any], Path]]:
    """Has a peer answer the first command with a message; the path of its socket."""
    with socket.socket(socket.AF_UNIX) as server, ThreadPoolExecutor() as pool:
        server.bind(str(tmp_path / "agent.sock"))
        server.listen()
        served: list[Future[None]] = []

        def answer(message: Any) -> Path:
            served.append(pool.submit(serve, server, message))
            return tmp_path / "agent.sock"

        yield answer
        for one in served:
            one.result()


def serve(server: socket.socket, message: Any) -> None:
    """Synchronize, and answer one command."""
    connection, _ = server.accept()
    with connection, connection.makefile("rwb") as lines:
        asked = json.loads(lines.readline().lstrip(agent.DELIMITER))
        answer = {"return": asked["arguments"]["id"]}
        lines.write(STALE + agent.DELIMITER + json.dumps(answer).encode() + b"\n")
        lines.flush()
        lines.readline()
        lines.write(json.dumps(message).encode() + b"\n")


@pytest.mark.parametrize(("serial", "mounted"), [("vol0abc", True), ("vol0abd", False)])
def test_a_mounted_disk_is_known_by_its_serial(answering: Callable[[Any], Path], serial: str, mounted: bool) -> None:
    """What an earlier conversation left is passed over."""
    assert agent.mounts(answering({"return": FILESYSTEMS}), serial) is mounted


def test_a_refusal_has_the_agents_words(answering: Callable[[Any], Path]) -> None:
    """And the command's name."""
    with pytest.raises(Refused, match="guest-get-fsinfo: disabled"):
        agent.mounts(answering({"error": {"desc": "disabled"}}), "vol0abc")
