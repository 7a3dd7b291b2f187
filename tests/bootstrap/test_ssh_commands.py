"""Commands over SSH, against a real server on loopback: what is run, what is heard, how it ends."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fabric.runners import Remote  # type: ignore[import-untyped]

from infra.bootstrap.ssh.connecting import connect
from infra.bootstrap.ssh.fabric_host import FabricHost
from infra.bootstrap.ssh.host import must
from infra.errors import CommandFailed, HostUnreachable, RootRefused
from tests.bootstrap.disk import run
from tests.bootstrap.server import Server, host, needs_sshd, server

__all__ = ["host", "server"]

pytestmark = [pytest.mark.root, needs_sshd]

CHUNK = 1 << 15
"""Bytes that are read at once."""


def test_words_arrive_as_they_are(host: FabricHost) -> None:
    """No shell on the way takes anything out of them."""
    words = ["a b", "$HOME", "it's", '"', "*", "", "line\nline", "ü"]
    assert must(host, "print", "printf", "%s|", *words) == "".join(f"{one}|" for one in words)


def test_letters_of_several_bytes_stay_whole(host: FabricHost) -> None:
    """Wherever the pieces are cut in which they come; half a letter at the end is told as one that is not known."""
    script = "import sys; sys.stdout.buffer.write('üя像😀'.encode() * int(sys.argv[1]) + b'\\xe5')"
    assert must(host, "print", "python3", "-c", script, str(2 * CHUNK)) == "üя像😀" * (2 * CHUNK) + "\ufffd"


def test_a_command_that_fails_is_told_with_its_last_words(host: FabricHost) -> None:
    """What was tried, and why it failed."""
    assert host.run(["sh", "-c", "exit 7"]).exit_code == 7
    with pytest.raises(CommandFailed, match=r"root@127\.0\.0\.1 could not tidy up: too bad"):
        must(host, "tidy up", "sh", "-c", "echo first >&2; echo too bad >&2; exit 1")
    with pytest.raises(CommandFailed, match="exit code 3"):
        must(host, "tidy up", "sh", "-c", "exit 3")


def test_lines_are_handed_on_while_the_command_runs(host: FabricHost, tmp_path: Path) -> None:
    """The command ends only because its first line was heard; the last one has no end."""
    heard: list[str] = []

    def on_line(line: str) -> None:
        heard.append(line)
        (tmp_path / "heard").touch()

    script = 'printf "one\\rtwo\\n" >&2; until [ -e "$1" ]; do sleep 0.1; done; printf three'
    must(host, "talk", "sh", "-c", script, "talk", str(tmp_path / "heard"), on_line=on_line, patience=60)
    assert heard == ["one", "two", "three"]


def test_what_fails_on_this_side_is_no_fault_of_the_host(host: FabricHost) -> None:
    """Such as a closed pipe behind `zagent cloud logs | head`; the command is hung up on."""

    def on_line(line: str) -> None:
        raise BrokenPipeError(line)

    with pytest.raises(BrokenPipeError, match="one"):
        host.run(["sh", "-c", "echo one; exec sleep 600"], on_line=on_line)
    assert must(host, "go on", "echo", "two") == "two\n"


def test_ctrl_c_returns_at_once(host: FabricHost) -> None:
    """It does not wait for the end of a command, and the connection is as good as before."""
    with pytest.raises(KeyboardInterrupt):
        host.run(
            ["sh", "-c", "echo one; exec sleep 600"],
            on_line=lambda line: signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT),
        )
    assert must(host, "go on", "echo", "two") == "two\n"


def test_a_command_that_does_not_end_is_given_up(host: FabricHost) -> None:
    """Every wait has an end."""
    with pytest.raises(HostUnreachable, match="no end within"):
        host.run(["sleep", "60"], patience=0.5)


def test_a_late_command_is_given_up_also_while_the_timer_still_ends(
    host: FabricHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine the channel is closed before invoke sees its own time-out."""
    told, close = threading.Event(), Remote.kill

    def closes_slowly(runner: Remote) -> None:
        close(runner)
        told.wait(60)

    monkeypatch.setattr(Remote, "kill", closes_slowly)
    try:
        with pytest.raises(HostUnreachable, match=r"no end within 0\.5 s"):
            host.run(["sleep", "60"], patience=0.5)
    finally:
        told.set()


def test_a_command_that_was_killed_has_no_exit_code(host: FabricHost) -> None:
    """It is not mistaken for one that failed, nor for a connection that broke."""
    with pytest.raises(HostUnreachable, match="without an exit code: it was killed"):
        host.run(["sh", "-c", "kill -9 $$"])
    assert must(host, "go on", "echo", "two") == "two\n"


def test_a_command_is_held_beside_others(host: FabricHost, tmp_path: Path) -> None:
    """From its first line until its input is ended; it has ended when that returns."""
    script = 'touch "$1"; echo begun; cat >/dev/null; sleep 0.2; rm "$1"'
    held = host.hold(["sh", "-c", script, "held", str(tmp_path / "there")])
    assert held.line == "begun"
    assert must(host, "go on", "ls", str(tmp_path)).split() == ["home", "there"]
    held.close()
    assert not (tmp_path / "there").exists()
    held = host.hold(["/nowhere/at/all"])
    assert "No such file" in held.line
    held.close()


@pytest.fixture
def somebody() -> Iterator[str]:
    """An account that is not root's, for one test."""
    name = "zagent-test-login"
    run("useradd", "--no-create-home", "--home-dir", "/", "--shell", "/bin/sh", "--password", "*", name)
    yield name
    run("userdel", "--force", name)


@pytest.mark.parametrize(
    "words",
    [
        "sudo: a password is required",
        "sudo: sorry, you must have a tty to run sudo",
        "sudo: a terminal is required to read the password",
    ],
)
def test_a_login_that_may_not_become_root_is_told_as_that(server: Server, somebody: str, words: str) -> None:
    """In sudo's own words, with what changes it, before anything is done as root, and for files, too."""
    sudo = server.folder / "bin" / "sudo"
    sudo.write_text(f'#!/bin/sh\n[ "$LC_ALL $1" = "C.UTF-8 -n" ] && echo "{words}" >&2\nexit 1\n')
    sudo.chmod(0o755)
    other = connect(replace(server.login, user=somebody), print)
    try:
        with pytest.raises(RootRefused, match=f"{somebody} may not become root on 127.0.0.1 .*: {words}") as raised:
            must(other, "look", "true")
        assert f"{somebody} ALL=(ALL) NOPASSWD: ALL" in raised.value.advice
        with pytest.raises(RootRefused):
            other.hold(["true"])
        with pytest.raises(RootRefused):
            other.put(b"", "/etc/zagent-test", 0o644)
    finally:
        other.close()
        sudo.unlink()
