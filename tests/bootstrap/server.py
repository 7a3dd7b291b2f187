"""A real SSH server on loopback, for tests of what speaks to one."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.bootstrap.ssh.connecting import connect
from infra.bootstrap.ssh.fabric_host import FabricHost
from infra.bootstrap.ssh.login import Login
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
SetEnv PATH={folder}/bin:/usr/local/bin:/usr/bin:/bin
Subsystem sftp internal-sftp
"""
"""Programs in ``folder``/bin come first in a login's own PATH."""


@dataclass(frozen=True)
class Server:
    """An SSH server that lets everybody in with one key; ``folder`` also has a key that it does not know."""

    folder: Path
    port: int
    process: int

    @property
    def login(self) -> Login:
        """The right one."""
        return Login("127.0.0.1", "root", self.folder / "login", self.public_half("host"), self.port)

    def public_half(self, name: str) -> str:
        """Of one of the keys, as a host key is given."""
        return " ".join((self.folder / f"{name}.pub").read_text().split()[:2])

    def session(self, host: FabricHost) -> int:
        """The process of the server that serves this connection."""
        held = host.hold(["sh", "-c", "echo $$; exec cat"])
        one = int(held.line)
        while (parent := int(Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()[1])) != self.process:
            one = parent
        held.close()
        return one


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """It runs as long as this module's tests."""
    with tempfile.TemporaryDirectory(prefix="zagent-sshd-", dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)  # a login that is not root's reads its key and runs its programs there
        (folder / "bin").mkdir(mode=0o755)
        for key in ("host", "login", "another"):
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key)
        with running(folder) as made:
            yield made


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """A server with the keys of a folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "config").write_text(CONFIGURATION.format(port=port, folder=folder))
    Path("/run/sshd").mkdir(exist_ok=True)
    process = subprocess.Popen([SSHD, "-D", "-e", "-f", folder / "config"], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield Server(folder, port, process.pid)
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def host(server: Server) -> Iterator[FabricHost]:
    """A connection to it, as root."""
    made = connect(server.login, print)
    yield made
    made.close()


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
