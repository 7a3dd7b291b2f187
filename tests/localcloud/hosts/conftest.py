"""A machine to test on, and a way into it."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import paramiko
import pytest
import yaml

from tests.localcloud.hosts import image
from tests.localcloud.hosts.fleet import Fleet
from tests.localcloud.hosts.image import Image
from tests.localcloud.waiting import until

INSTANCE = "i-0123456789abcdef0"
ADDRESS = "127.0.0.77"
HUB = "10.0.2.100"
BOOT_SECONDS = 180


@dataclass(frozen=True)
class Keys:
    """A key pair for the login user and one for the host, OpenSSH's files: private here, public beside it."""

    login: Path
    host: Path

    @classmethod
    def made(cls, folder: Path) -> Keys:
        """New ones."""
        keys = cls(folder / "login", folder / "host")
        for path in (keys.login, keys.host):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path], check=True)
        return keys

    @property
    def user_data(self) -> bytes:
        """What plants the host's key, as the infrastructure program writes it."""
        pair = {"ed25519_private": self.host.read_text(), "ed25519_public": public(self.host)}
        return b"#cloud-config\n" + yaml.safe_dump({"ssh_keys": pair}).encode()


def public(key: Path) -> str:
    """The line of a key's public half."""
    return key.with_suffix(".pub").read_text().strip()


@dataclass(frozen=True)
class Guest:
    """SSH to the machine, which it must answer with the planted key: another one raises."""

    keys: Keys

    def run(self, command: str) -> str:
        """What a command prints; it must succeed."""
        with self._connected() as client:
            _, out, err = client.exec_command(command, timeout=BOOT_SECONDS)
            said = out.read().decode().strip()
            assert out.channel.recv_exit_status() == 0, f"{command}: {said} {err.read().decode()}"
        return said

    def booted(self) -> None:
        """Wait until it answers."""
        until(self._answers, BOOT_SECONDS)

    def boot(self) -> str:
        """The id of this boot, another one after each."""
        return self.run("cat /proc/sys/kernel/random/boot_id")

    def disks(self) -> dict[str, str]:
        """The device of each disk, by serial."""
        lines = self.run("lsblk --nodeps --noheadings --output PATH,SERIAL").splitlines()
        return {serial: path for path, serial in (line.split() for line in lines if len(line.split()) == 2)}

    def _answers(self) -> bool:
        """QEMU takes connections at once, so only a server's greeting tells that it has booted."""
        with contextlib.suppress(OSError), socket.create_connection((ADDRESS, 22), timeout=1) as connection:
            connection.settimeout(2)
            return connection.recv(4) == b"SSH-"
        return False

    def _connected(self) -> paramiko.SSHClient:
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        client.get_host_keys().add(ADDRESS, "ssh-ed25519", paramiko.Ed25519Key(filename=str(self.keys.host)))
        client.connect(
            ADDRESS,
            username="ubuntu",
            key_filename=str(self.keys.login),
            look_for_keys=False,
            allow_agent=False,
            timeout=10,
            banner_timeout=10,
        )
        return client


@pytest.fixture(scope="session")
def made_image() -> Image:
    """The image; a test that wants it is skipped where it can't be had."""
    if lacking := image.missing():
        pytest.skip("; ".join(map(str, lacking)))
    return image.obtain(print)


@pytest.fixture(scope="module")
def hub() -> Iterator[int]:
    """The port of a service that the machines reach."""

    class Hello(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Hello) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """The keys of the machine."""
    return Keys.made(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory, made_image: Image, hub: int) -> Iterator[Fleet]:
    """A fleet in a folder whose path is too long for a Unix socket."""
    fleet = Fleet(tmp_path_factory.mktemp("a" * 100) / "hosts", made_image, {HUB: hub})
    yield fleet
    fleet.terminate(INSTANCE)


@pytest.fixture(scope="module")
def guest(fleet: Fleet, keys: Keys) -> Guest:
    """One machine for all tests of a module, booted."""
    fleet.launch(INSTANCE, ADDRESS, keys.user_data, public(keys.login))
    guest = Guest(keys)
    guest.booted()
    return guest
