"""The transport, against a real SSH server on loopback: whom it trusts, what it runs, what it says when it can't."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fabric.runners import Remote  # type: ignore[import-untyped]

from infra.account.access import Access
from infra.account.sessions import proxy_command
from infra.bootstrap.host import FabricHost, Login, connect, must
from infra.errors import CommandFailed, HostKeyDiffers, HostKeyUnknown, HostUnreachable
from tests.bootstrap.server import Server, needs_sshd, server

__all__ = ["server"]

pytestmark = [pytest.mark.root, needs_sshd]


@pytest.fixture
def host(server: Server) -> Iterator[FabricHost]:
    """A connection to it."""
    made = connect(server.login, print)
    yield made
    made.close()


def test_a_host_without_an_open_port_is_reached_through_session_manager(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its instance id, with the host key checked as ever; a program in the place of AWS's carries the bytes."""
    carrier = tmp_path / "aws"
    carrier.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\nexec socat - TCP:127.0.0.1:{server.port}\n')
    carrier.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    proxy = proxy_command(Access("eu-west-1", "me"))
    login = replace(server.login, address="i-0123456789abcdef0", port=22, proxy=proxy)
    carried = connect(login, print)
    assert must(carried, "print", "printf", "%s", "through") == "through"
    carried.close()
    words = "ssm start-session --target i-0123456789abcdef0 --document-name AWS-StartSSHSession"
    assert (tmp_path / "asked").read_text().startswith(f"{words} --parameters portNumber=22 --region eu-west-1")
    other = " ".join((server.folder / "another.pub").read_text().split()[:2])
    with pytest.raises(HostKeyDiffers):
        connect(replace(login, host_key=other), print)


def test_words_arrive_as_they_are(host: FabricHost) -> None:
    """No shell on the way takes anything out of them."""
    words = ["a b", "$HOME", "it's", '"', "*", "", "line\nline", "ü"]
    assert must(host, "print", "printf", "%s|", *words) == "".join(f"{one}|" for one in words)


def test_a_command_that_fails_is_told_with_its_last_words(host: FabricHost) -> None:
    """What was tried, and why it failed."""
    assert host.run(["sh", "-c", "exit 7"]).exit_code == 7
    with pytest.raises(CommandFailed, match=r"root@127\.0\.0\.1 could not tidy up: too bad"):
        must(host, "tidy up", "sh", "-c", "echo first >&2; echo too bad >&2; exit 1")
    with pytest.raises(CommandFailed, match="exit code 3"):
        must(host, "tidy up", "sh", "-c", "exit 3")


def test_lines_are_handed_on_while_the_command_runs(host: FabricHost, tmp_path: Path) -> None:
    """The command ends only because its first line was heard."""
    heard: list[str] = []

    def on_line(line: str) -> None:
        heard.append(line)
        (tmp_path / "heard").touch()

    script = 'printf "one\\rtwo\\n" >&2; until [ -e "$1" ]; do sleep 0.1; done; echo three'
    must(host, "talk", "sh", "-c", script, "talk", str(tmp_path / "heard"), on_line=on_line, patience=60)
    assert heard == ["one", "two", "three"]


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
    """It is not mistaken for one that failed."""
    with pytest.raises(HostUnreachable, match="without an exit code"):
        host.run(["sh", "-c", "kill -9 $$"])


def under_way() -> set[Path]:
    """Files on their way to where they are put; whatever else runs on this machine has folders of longer names."""
    return {one for one in Path("/var/tmp").glob("zagent-????????") if one.is_file()}


@pytest.mark.parametrize("size", [0, 5, 3_000_000])
def test_a_file_is_put_whole_with_mode_and_owner(host: FabricHost, tmp_path: Path, size: int) -> None:
    """Bytes or a file; nothing else is left where it went through."""
    content, target = bytes(range(256)) * (size // 256 + 1), tmp_path / "made"
    (tmp_path / "source").write_bytes(content)
    before = under_way()
    for source in (content, tmp_path / "source"):
        target.unlink(missing_ok=True)
        host.put(source, str(target), 0o640, "nobody:root")
        assert target.read_bytes() == content
        assert (target.stat().st_mode & 0o7777, target.owner()) == (0o640, "nobody")
    assert under_way() == before
    assert {one.name for one in tmp_path.iterdir()} == {"made", "source", "home"}


def test_a_file_that_cannot_be_put_is_an_error(host: FabricHost, tmp_path: Path) -> None:
    """And what was there stays."""
    with pytest.raises(CommandFailed, match="could not write /nowhere/at/all"):
        host.put(b"x", "/nowhere/at/all", 0o644)


def test_another_host_key_is_refused_at_once(server: Server) -> None:
    """Nothing is sent to whoever answers there."""
    wrong = " ".join((server.folder / "another.pub").read_text().split()[:2])
    with pytest.raises(HostKeyDiffers, match="another host key"):
        connect(replace(server.login, host_key=wrong), print)


def test_an_unknown_host_key_is_refused_at_once(server: Server) -> None:
    """Without a key to compare with, only the person's known_hosts speaks for a host."""
    with pytest.raises(HostKeyUnknown):
        connect(replace(server.login, host_key=""), print)


def test_known_hosts_speak_for_a_host(server: Server) -> None:
    """A host that the person has accepted before."""
    known = Path.home() / ".ssh" / "known_hosts"
    known.parent.mkdir()
    known.write_text(f"[127.0.0.1]:{server.port} {server.login.host_key}\n")
    connect(replace(server.login, host_key=""), print).close()


def test_a_refused_login_key_is_told_as_that(server: Server) -> None:
    """Which key, for which user."""
    with pytest.raises(HostUnreachable, match=r"it refuses the key .*another for the user root"):
        connect(replace(server.login, key_file=server.folder / "another"), print, patience=0)


def test_a_host_that_does_not_answer_is_waited_for() -> None:
    """And the person hears of it."""
    said: list[str] = []
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # bound, and not listening: it refuses
        login = Login("127.0.0.1", "root", Path("/nowhere"), "", silent.getsockname()[1])
        with pytest.raises(HostUnreachable):
            connect(login, said.append, patience=3)
    assert said == ["waiting for 127.0.0.1 to answer SSH"]


def test_a_persons_ssh_configuration_has_no_say(server: Server) -> None:
    """Another port, user or key in ~/.ssh/config leads nowhere else."""
    folder = Path.home() / ".ssh"
    folder.mkdir()
    (folder / "config").write_text("Host *\n  Port 9\n  User somebody\n  ProxyCommand false\n")
    connect(server.login, print).close()
