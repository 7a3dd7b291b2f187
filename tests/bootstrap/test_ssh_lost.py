"""A host that does not answer, answers no more, or comes back as another: told, and never taken for what it was."""

from __future__ import annotations

import os
import signal
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from infra.bootstrap.ssh import connecting, wire
from infra.bootstrap.ssh.connecting import connect
from infra.bootstrap.ssh.fabric_host import FabricHost
from infra.bootstrap.ssh.host import SSH_PATIENCE
from infra.errors import HostUnreachable
from tests.bootstrap.server import Server, host, needs_sshd, server

__all__ = ["host", "server"]

pytestmark = [pytest.mark.root, needs_sshd]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is noticed soon."""
    monkeypatch.setattr(wire, "PING", 0.2)
    monkeypatch.setattr(wire, "SILENCE", 1.0)


def test_a_host_that_does_not_answer_is_waited_for(server: Server) -> None:
    """And the person hears of it, and why."""
    said: list[str] = []
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # bound, and not listening: it refuses
        login = replace(server.login, port=silent.getsockname()[1])
        with pytest.raises(HostUnreachable, match="Connection refused"):
            connect(login, said.append, patience=3)
    assert said == ["waiting for 127.0.0.1 to answer SSH: Connection refused; trying for 3 s, Ctrl-C ends it"]


def test_a_connection_that_broke_does_not_come_back(server: Server, host: FabricHost) -> None:
    """The server is there and would answer, but it could be another boot by now."""
    os.kill(server.session(host), signal.SIGKILL)
    for _ in range(2):
        with pytest.raises(HostUnreachable, match="the connection broke"):
            host.run(["true"])
    with pytest.raises(HostUnreachable, match="the connection broke"):
        host.put(b"", "/var/tmp/zagent-test", 0o600)
    with pytest.raises(HostUnreachable, match="the connection broke"):
        host.hold(["true"])


def test_a_connection_that_breaks_under_a_command_is_told_as_that(server: Server, host: FabricHost) -> None:
    """Not as a command that was killed."""
    session = server.session(host)
    with pytest.raises(HostUnreachable, match="the connection broke"):
        host.run(
            ["sh", "-c", "echo one; exec sleep 60"], patience=60, on_line=lambda line: os.kill(session, signal.SIGKILL)
        )


@pytest.mark.usefixtures("impatient")
def test_a_host_that_falls_silent_is_given_up(server: Server) -> None:
    """Its kernel still answers TCP, but nobody is there any more."""
    host = connect(server.login, print)
    session = server.session(host)
    try:
        with pytest.raises(HostUnreachable, match="nothing came from it for 1 s"):
            host.run(
                ["sh", "-c", "echo one; exec sleep 600"],
                patience=60,
                on_line=lambda line: os.kill(session, signal.SIGSTOP),
            )
        with pytest.raises(HostUnreachable, match="nothing came from it for 1 s"):
            host.run(["true"])
    finally:
        os.kill(session, signal.SIGKILL)
        host.close()


@pytest.mark.usefixtures("impatient")
def test_a_host_that_falls_silent_while_it_is_sent_a_file_is_given_up(server: Server, tmp_path: Path) -> None:
    """Also where more is to be sent than anything on the way holds."""
    host = connect(server.login, print)
    (tmp_path / "large").write_bytes(bytes(64 << 20))
    session = server.session(host)
    os.kill(session, signal.SIGSTOP)
    try:
        with pytest.raises(HostUnreachable, match="nothing came from it for 1 s"):
            host.put(tmp_path / "large", "/var/tmp/zagent-test", 0o600)
    finally:
        os.kill(session, signal.SIGKILL)
        host.close()


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the clock says, as its only element."""
    clock = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    return clock


def test_silence_counts_from_a_question_and_any_answer_ends_it(now: list[float]) -> None:
    """Nobody owes an answer who was not asked: a program that was stopped for an hour finds its host well."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        line = wire.Wire(ours)
        line.settimeout(0.01)

        def silent() -> bool:
            try:
                line.recv(1)
            except ConnectionAbortedError:
                return True
            except TimeoutError:
                return False
            raise AssertionError

        now[0] += 3600
        assert not silent()
        line.ask()
        now[0] += wire.SILENCE - 1
        line.ask()
        assert not silent()
        theirs.send(b"x")
        assert line.recv(1) == b"x"
        now[0] += 3600
        assert not silent()
        line.ask()
        now[0] += wire.SILENCE + 1
        assert silent()
        assert line.silent


def test_a_refused_key_has_its_patience_from_the_first_refusal(server: Server, now: list[float]) -> None:
    """However long the host took to answer at all; and what is no refusal has the whole of it."""
    said: list[str] = []
    wait = connecting._Wait(server.login, 600, said.append)
    error = HostUnreachable(address="127.0.0.1", why="Connection refused")
    now[0] += 300
    wait.require(error, refused=False)
    now[0] += connecting.TOLD_EVERY
    wait.require(error, refused=True)
    assert "Connection refused; trying for 5 min, " in said[0]
    assert "it refuses the key" in said[1]
    assert said[1].endswith("; trying for 2 min more, Ctrl-C ends it")
    now[0] += connecting.KEY_PATIENCE - 1
    wait.require(error, refused=True)
    now[0] += 2
    wait.require(error, refused=False)
    with pytest.raises(HostUnreachable, match="it refuses the key"):
        wait.require(error, refused=True)
    now[0] += 600
    with pytest.raises(HostUnreachable, match="Connection refused"):
        wait.require(error, refused=False)


def test_who_waits_hears_every_minute_how_long_it_goes_on(server: Server, now: list[float]) -> None:
    """And how to end it."""
    said: list[str] = []
    wait = connecting._Wait(server.login, SSH_PATIENCE, said.append)
    for _ in range(0, 600, 30):
        wait.require(HostUnreachable(address="127.0.0.1", why="Connection refused"), refused=False)
        now[0] += 30
    begin, end = "waiting for 127.0.0.1 to answer SSH: Connection refused; trying for ", ", Ctrl-C ends it"
    left = ["10 min", *(f"{one} min more" for one in range(9, 1, -1)), "60 s more"]
    assert said == [f"{begin}{one}{end}" for one in left]
