"""``zagent cloud ssh``: real OpenSSH takes the line, with the one host key that is right."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner
from zagent.cli.commands import app

from infra import tags
from infra.bootstrap.ssh.login import Login
from infra.operations import shell
from tests.bootstrap.server import Server, needs_sshd, server
from tests.operations.cloud import Cloud

__all__ = ["server"]

OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ9xDWUW4DzzRg9rWCLYrtcAomXFQbVjCDwGzRz3IpPj"


def ran(login: Login, *command: str) -> subprocess.CompletedProcess[str]:
    """What OpenSSH makes of it, where nobody can answer its questions."""
    words = shell.words(login, command)
    return subprocess.run(
        [words[0], "-o", "BatchMode=yes", *words[1:]], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.root
@needs_sshd
def test_a_host_with_the_right_key_lets_in(server: Server) -> None:
    """The command's words arrive, and its exit code comes back."""
    assert ran(server.login, "echo", "hello").stdout == "hello\n"
    assert ran(server.login, "exit 7").returncode == 7


@pytest.mark.root
@needs_sshd
def test_another_key_is_refused(server: Server) -> None:
    """Whatever the person's own known_hosts say: they have no say."""
    done = ran(replace(server.login, host_key=OTHER_KEY), "echo", "hello")
    assert (done.returncode, done.stdout) == (255, "")
    assert "HOST IDENTIFICATION HAS CHANGED" in done.stderr or "verification failed" in done.stderr


def test_session_manager_carries_it_where_there_is_no_address() -> None:
    """As for the bootstrap."""
    login = Login("i-1", "ubuntu", Path("/k"), OTHER_KEY, proxy="aws ssm start-session --target %h")
    words = shell.words(login)
    assert "ProxyCommand=aws ssm start-session --target %h" in words
    assert words[-1] == "ubuntu@i-1"


def test_the_line_can_be_printed(cloud: Cloud) -> None:
    """With the host key that the instance's tag tells."""
    host = cloud.host(cloud.volume())
    cloud.ec2.create_tags(Resources=[host], Tags=[{"Key": tags.HOST_KEY, "Value": OTHER_KEY}])
    done = CliRunner().invoke(app, ["cloud", "ssh", "--print", "--", "df", "-h"], prog_name="zagent")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("ssh -F none -i ")
    assert "'KnownHostsCommand=/bin/echo" in done.stdout
    assert done.stdout.endswith(" df -h\n")
