"""The client of QEMU's protocol, against a peer that says what QEMU would."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.localcloud.hosts.qmp import Refused, monitor

DELETED = {"event": "DEVICE_DELETED", "data": {"device": "vol-1"}}


class Peer:
    """Greets, and answers each command with the next of ``answers``: a list of messages."""

    def __init__(self, path: Path, *answers: list[dict[str, Any]]) -> None:
        self.path, self.answers, self.heard = path, answers, list[dict[str, Any]]()
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._server.accept()
        with connection, connection.makefile("rwb") as lines:
            self._say(lines, {"QMP": {}})
            for answer in ([{"return": {}}], *self.answers):
                self.heard.append(json.loads(lines.readline()))
                self._say(lines, *answer)

    @staticmethod
    def _say(lines: Any, *messages: dict[str, Any]) -> None:
        lines.write(b"".join(json.dumps(message).encode() + b"\n" for message in messages))
        lines.flush()

    def close(self) -> None:
        """Wait for its end."""
        self._thread.join()
        self._server.close()


@pytest.fixture
def peers(tmp_path: Path) -> Iterator[Any]:
    """Makes a peer."""
    made: list[Peer] = []

    def make(*answers: list[dict[str, Any]]) -> Peer:
        made.append(Peer(tmp_path / "qmp.sock", *answers))
        return made[-1]

    yield make
    for peer in made:
        peer.close()


def test_a_command_is_spelled_as_qmp_spells_it(peers: Any) -> None:
    """Hyphens in names; what it returns comes back."""
    peer = peers([{"return": [1]}])
    with monitor(peer.path) as asked:
        assert asked.execute("blockdev-del", node_name="vol-1") == [1]
    assert peer.heard[1] == {"execute": "blockdev-del", "arguments": {"node-name": "vol-1"}}


def test_an_event_before_the_answer_is_not_lost(peers: Any) -> None:
    """QEMU may tell of the end of something before it has answered the command that began it."""
    peer = peers([DELETED, {"return": {}}])
    with monitor(peer.path) as asked:
        asked.execute("device_del", id="vol-1")
        asked.wait("DEVICE_DELETED", device="vol-1", seconds=30)


def test_another_devices_event_is_not_taken_for_ours(peers: Any) -> None:
    """The wait ends with the peer, not with the event."""
    peer = peers([{"return": {}}, DELETED])
    with monitor(peer.path) as asked:
        asked.execute("device_del", id="vol-2")
        with pytest.raises(ConnectionResetError):
            asked.wait("DEVICE_DELETED", device="vol-2", seconds=30)


def test_a_refusal_has_qemus_words(peers: Any) -> None:
    """And the command's name."""
    peer = peers([{"error": {"class": "GenericError", "desc": "no such bus"}}])
    with monitor(peer.path) as asked, pytest.raises(Refused, match="device_add: no such bus"):
        asked.execute("device_add", bus="nowhere")
