"""A connection that a command carries: real ones in the place of `aws ssm start-session`, and how they die."""

from __future__ import annotations

import os
import shlex
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from infra.account.access import Access
from infra.account.sessions import proxy_command
from infra.bootstrap.ssh import wire
from infra.bootstrap.ssh.connecting import connect
from infra.bootstrap.ssh.host import must
from infra.bootstrap.ssh.login import Login
from infra.bootstrap.ssh.proxy import command
from infra.errors import HostKeyDiffers, HostUnreachable, NoWayIn
from tests.bootstrap.server import Server, needs_sshd, server

__all__ = ["server"]

pytestmark = [pytest.mark.root, needs_sshd]

CARRY = "exec socat - TCP:127.0.0.1:%p"


@pytest.fixture
def carried(server: Server, tmp_path: Path) -> Callable[[str], Login]:
    """A login over a shell script, which notes its process."""

    def made(script: str) -> Login:
        return replace(server.login, proxy=shlex.join(["sh", "-c", f"echo $$ > {tmp_path}/pid; {script}"]))

    return made


def pid(folder: Path, name: str = "pid") -> int:
    """A process that was noted."""
    return int((folder / name).read_text())


def is_there(process: int) -> bool:
    """Whether there is such a process, if only as a zombie."""
    return Path(f"/proc/{process}").exists()


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
    with pytest.raises(HostKeyDiffers):
        connect(replace(login, host_key=server.public_half("another")), print)


def test_its_words_are_filled_in_and_never_split() -> None:
    """As OpenSSH's tokens, whatever a name has in it."""
    login = Login("a b;c", "me", None, port=2222, proxy="carry '%h x' %p %r 100%% %q")
    assert command(login) == ["carry", "a b;c x", "2222", "me", "100%", "%q"]


def test_a_proxy_that_is_not_here_is_told_at_once(server: Server) -> None:
    """No host is waited for."""
    with pytest.raises(NoWayIn, match="/nowhere/aws can't be found here"):
        connect(replace(server.login, proxy="/nowhere/aws ssm start-session"), print)


def test_a_proxy_that_dies_at_once_is_told_in_its_last_words(carried: Callable[[str], Login], tmp_path: Path) -> None:
    """The host may be about to register there, so it is waited for; nothing of it is left."""
    said: list[str] = []
    dies = carried("printf '\\nfirst\\nAn error occurred (TargetNotConnected): \\033[2Jno\\n\\n' >&2; exit 255")
    why = r"its proxy sh ended with exit code 255: An error occurred \(TargetNotConnected\): \\x1b\[2Jno"
    with pytest.raises(HostUnreachable, match=why):
        connect(dies, said.append, patience=1)
    assert [one.partition(" to answer SSH: its proxy sh ended")[0] for one in said] == ["waiting for 127.0.0.1"]
    assert not is_there(pid(tmp_path))


def test_a_proxy_that_dies_under_a_command_is_told_as_that(carried: Callable[[str], Login], tmp_path: Path) -> None:
    """And it stays dead."""
    host = connect(carried(f"echo connected >&2; {CARRY}"), print)
    with pytest.raises(HostUnreachable, match="its proxy sh was ended by signal 9: connected"):
        host.run(
            ["sh", "-c", "echo one; exec sleep 600"],
            patience=60,
            on_line=lambda line: os.kill(pid(tmp_path), signal.SIGKILL),
        )
    with pytest.raises(HostUnreachable, match="its proxy sh was ended by signal 9"):
        host.run(["true"])
    host.close()
    assert not is_there(pid(tmp_path))


def test_a_proxy_may_say_as_much_as_it_likes(carried: Callable[[str], Login]) -> None:
    """More than a pipe holds that nobody reads."""
    host = connect(carried(f"head -c 1000000 /dev/zero | tr '\\0' 'x' >&2; {CARRY}"), print)
    assert must(host, "print", "echo", "through") == "through\n"
    host.close()


def test_a_command_that_was_killed_is_not_blamed_on_the_proxy(carried: Callable[[str], Login]) -> None:
    """Whatever that says of itself."""
    host = connect(carried(f"echo hello >&2; {CARRY}"), print)
    with pytest.raises(HostUnreachable, match="it was killed"):
        host.run(["sh", "-c", "kill -9 $$"])
    host.close()


def test_nothing_of_a_proxy_is_left(carried: Callable[[str], Login], tmp_path: Path) -> None:
    """Neither itself, if it does not mind that its line is cut, nor what it began; Ctrl-C is not for it."""
    stubborn = f"trap '' TERM HUP; sleep 600 & echo $! > {tmp_path}/other; {CARRY.removeprefix('exec ')}; sleep 600"
    host = connect(carried(stubborn), print)
    assert os.getsid(pid(tmp_path)) == pid(tmp_path)
    host.close()
    assert not is_there(pid(tmp_path))
    other = Path(f"/proc/{pid(tmp_path, 'other')}/status")
    with suppress(FileNotFoundError, ProcessLookupError):  # once init has reaped it
        while is_there(pid(tmp_path, "other")):
            assert "State:\tS" not in other.read_text()


def test_a_proxy_that_carries_no_more_is_given_up(
    carried: Callable[[str], Login], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process lives, and so does the host, but nothing goes through."""
    monkeypatch.setattr(wire, "PING", 0.2)
    monkeypatch.setattr(wire, "SILENCE", 1.0)
    host = connect(carried(CARRY), print)
    with pytest.raises(HostUnreachable, match="nothing came from it for 1 s"):
        host.run(
            ["sh", "-c", "echo one; exec sleep 600"],
            patience=60,
            on_line=lambda line: os.kill(pid(tmp_path), signal.SIGSTOP),
        )
    host.close()
    assert not is_there(pid(tmp_path))
