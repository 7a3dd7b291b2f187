"""A real SSH server on loopback, for tests of what speaks to one."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.bootstrap.host import Login
from tests.bootstrap.disk import run

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"

needs_sshd = pytest.mark.skipif(not Path(SSHD).exists(), reason="needs sshd: apt-get install openssh-server")

CONFIGURATION = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/login.pub
PermitRootLogin prohibit-password
PidFile none
StrictModes no
Subsystem sftp internal-sftp
"""


@dataclass(frozen=True)
class Server:
    """An SSH server that lets root in with one key; ``folder`` also has a key that it does not know."""

    folder: Path
    port: int

    @property
    def login(self) -> Login:
        """The right one."""
        key = " ".join((self.folder / "host.pub").read_text().split()[:2])
        return Login("127.0.0.1", "root", self.folder / "login", key, self.port)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """It runs as long as this module's tests."""
    folder = tmp_path_factory.mktemp("sshd")
    for name in ("host", "login", "another"):
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "config").write_text(CONFIGURATION.format(port=port, folder=folder))
    Path("/run/sshd").mkdir(exist_ok=True)
    process = subprocess.Popen([SSHD, "-D", "-e", "-f", folder / "config"], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield Server(folder, port)
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("sshd did not start")
