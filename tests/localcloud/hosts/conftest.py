"""Two machines to test on, and a way into them; all modules share them, for a boot takes half a minute."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import paramiko
import pytest
import yaml

from tests.localcloud.hosts import HUB, image
from tests.localcloud.hosts.fleet import Fleet
from tests.localcloud.hosts.image import Image
from tests.localcloud.hosts.machine import Machine
from tests.localcloud.serving import answering
from tests.localcloud.waiting import until

INSTANCE, OTHER = "i-0123456789abcdef0", "i-0fedcba9876543210"
ADDRESSES = {INSTANCE: "127.0.0.77", OTHER: "127.0.0.78"}
VOLUME = "vol-0abcdefabcdefabcd"
SERIAL = "vol0abcdefabcdefabcd"
BOOT_SECONDS = 500


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
    """SSH to a machine, which it must answer with the planted key: another one raises."""

    fleet: Fleet
    instance: str
    keys: Keys

    @property
    def address(self) -> str:
        """Where it should answer."""
        return self.fleet.machine(self.instance).record.address

    def run(self, command: str) -> str:
        """What a command prints; it must succeed."""
        with self._connected() as client:
            _, out, err = client.exec_command(command, timeout=BOOT_SECONDS)
            said = out.read().decode().strip()
            assert out.channel.recv_exit_status() == 0, f"{command}: {said} {err.read().decode()}"
        return said

    def booted(self) -> None:
        """Wait until it answers."""
        until(self.answers, BOOT_SECONDS)

    def boot(self) -> str:
        """The id of this boot, another one after each."""
        return self.run("cat /proc/sys/kernel/random/boot_id")

    def disks(self) -> dict[str, str]:
        """The device of each disk, by serial."""
        lines = self.run("lsblk --nodeps --noheadings --output PATH,SERIAL").splitlines()
        return {serial: path for path, serial in (line.split() for line in lines if len(line.split()) == 2)}

    def plugged(self) -> str:
        """The device of the tests' volume, once it is there."""
        until(lambda: SERIAL in self.disks())
        return self.disks()[SERIAL]

    def with_volume(self, command: str) -> str:
        """What a command prints while the tests' volume is mounted on /mnt."""
        return self.run(f"sudo mount {self.plugged()} /mnt && {{ {command}; }} && sudo umount /mnt")

    def answers(self) -> bool:
        """Whether it does now. QEMU takes connections at once, so only a server's greeting tells that it has booted."""
        with contextlib.suppress(OSError), socket.create_connection((self.address, 22), timeout=1) as connection:
            connection.settimeout(2)
            return connection.recv(4) == b"SSH-"
        return False

    def _connected(self) -> paramiko.SSHClient:
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        client.get_host_keys().add(self.address, "ssh-ed25519", paramiko.Ed25519Key(filename=str(self.keys.host)))
        client.connect(
            self.address,
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


@pytest.fixture(scope="package")
def hub() -> Iterator[int]:
    """The port of a service that the machines reach."""

    class Hello(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with answering(ThreadingHTTPServer(("127.0.0.1", 0), Hello)) as port:
        yield port


@pytest.fixture(scope="package")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """The keys of the machine."""
    return Keys.made(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="package")
def fleet(tmp_path_factory: pytest.TempPathFactory, made_image: Image, hub: int) -> Iterator[Fleet]:
    """A fleet in a folder whose path is too long for a Unix socket."""
    fleet = Fleet(tmp_path_factory.mktemp("a" * 100) / "hosts", made_image, {HUB: hub})
    yield fleet
    for instance in ADDRESSES:
        fleet.terminate(instance)


@pytest.fixture(scope="package")
def guests(fleet: Fleet, keys: Keys) -> dict[str, Guest]:
    """Both machines, booted at once."""
    for instance, address in ADDRESSES.items():
        fleet.launch(instance, address, keys.user_data, public(keys.login))
    guests = {instance: Guest(fleet, instance, keys) for instance in ADDRESSES}
    for guest in guests.values():
        guest.booted()
    return guests


@pytest.fixture(scope="package")
def guest(guests: dict[str, Guest]) -> Guest:
    """The one machine."""
    return guests[INSTANCE]


@pytest.fixture(scope="package")
def other(guests: dict[str, Guest]) -> Guest:
    """The other machine."""
    return guests[OTHER]


@pytest.fixture(scope="module")
def volume(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The blank disk of a volume."""
    disk = tmp_path_factory.mktemp("volumes") / f"{VOLUME}.raw"
    with disk.open("wb") as file:
        file.truncate(1 << 30)
    return disk


@dataclass
class Detaching:
    """A detachment that goes on meanwhile."""

    pool: ThreadPoolExecutor
    monkeypatch: pytest.MonkeyPatch

    def __call__(self, fleet: Fleet, instance: str) -> Future[None]:
        """Begin it; returns when it has looked twice and found the volume mounted."""
        found: list[bool] = []
        mounts = Machine.mounts

        def looked(machine: Machine, volume_id: str) -> bool:
            found.append(mounts(machine, volume_id))
            return found[-1]

        self.monkeypatch.setattr(Machine, "mounts", looked)
        begun = self.pool.submit(fleet.detach, instance, VOLUME)
        until(lambda: begun.done() or len(found) > 1)
        assert found[:2] == [True, True]
        return begun


@pytest.fixture
def detaching(monkeypatch: pytest.MonkeyPatch) -> Iterator[Detaching]:
    """Begins to detach the tests' volume."""
    with ThreadPoolExecutor() as pool:
        yield Detaching(pool, monkeypatch)
