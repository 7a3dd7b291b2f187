"""One converge of a host at a time: a lock of its kernel's, held over a real SSH connection."""

from __future__ import annotations

import getpass
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from infra.bootstrap import alone as locking
from infra.bootstrap.alone import alone
from infra.bootstrap.files import script
from infra.bootstrap.ssh import wire
from infra.bootstrap.ssh.connecting import connect
from infra.bootstrap.ssh.fabric_host import FabricHost
from infra.errors import CommandFailed, ConvergeUnderWay
from tests.bootstrap.server import Server, host, needs_sshd, server

__all__ = ["host", "server"]

pytestmark = [pytest.mark.root, needs_sshd]


def test_the_second_is_refused_and_told_who_is_at_it(
    server: Server, host: FabricHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever that one calls itself does nothing to a terminal; once it is done, another may."""
    lock = str(tmp_path / "lock")
    monkeypatch.setattr(locking, "me", lambda: f"{getpass.getuser()} \x1b[2J on 'a laptop'")
    other = connect(server.login, print)
    with alone(host, lock):
        with pytest.raises(ConvergeUnderWay, match=r"root \\x1b\[2J on 'a laptop', since 20..-..-.. ..:..:.. UTC, as"):
            alone(other, lock).__enter__()
        assert host.run(["true"]).exit_code == 0, "the line that holds it carries the converge, too"
    with alone(other, lock):
        pass
    other.close()


def test_an_error_lets_go(server: Server, host: FabricHost, tmp_path: Path) -> None:
    """Also Ctrl-C."""
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt), alone(host, str(tmp_path / "lock")):
            raise KeyboardInterrupt


def test_the_kernel_lets_go_when_the_line_dies(server: Server, host: FabricHost, tmp_path: Path) -> None:
    """Nobody has to clean up after a laptop that was closed; the end of the block is quiet about it."""
    lock = str(tmp_path / "lock")
    with alone(host, lock):
        os.kill(server.session(host), signal.SIGKILL)
        other = connect(server.login, print)
        with alone(other, lock):
            pass
        other.close()


def test_it_is_held_for_as_long_as_this_side_lives(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sign of life comes with each question to the host; where none comes, the host lets go by itself."""
    monkeypatch.setattr(wire, "PING", 0.1)
    impatient = script("hold").replace("SILENCE = 120.0", "SILENCE = 5.0")
    host = connect(server.login, print)
    held = host.hold(["python3", "-I", "-c", impatient, str(tmp_path / "lock"), "somebody"])
    holder = (tmp_path / "lock").read_text().split()[-1]
    wait_until_read(int(holder), 3)
    assert Path(f"/proc/{holder}").exists()
    host.close()
    forgotten = subprocess.Popen(
        [sys.executable, "-I", "-c", impatient.replace("5.0", "0.1"), str(tmp_path / "another"), "somebody"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert forgotten.wait(timeout=60) == 0
    forgotten.communicate()
    assert held.line == "held"


def wait_until_read(process: int, bytes_read: int) -> None:
    """Until a process has been told something so often."""
    begun = read(process)
    while read(process) < begun + bytes_read:
        continue


def read(process: int) -> int:
    """Bytes that a process has read so far."""
    return int(Path(f"/proc/{process}/io").read_text().split()[1])


def test_a_lock_that_can_not_be_taken_is_an_error(host: FabricHost, tmp_path: Path) -> None:
    """Not the fault of somebody else; a link is not followed."""
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CommandFailed, match="could not lock"), alone(host, str(tmp_path / "link")):
        pass
    assert not (tmp_path / "elsewhere").exists()
    with pytest.raises(CommandFailed, match="could not lock"), alone(host, "/nowhere/at/all"):
        pass
