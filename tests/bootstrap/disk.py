"""A disk that a test may ruin: a loop device over a sparse file, with a host and a record that know it."""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

from infra.bootstrap.facts import parsers
from infra.bootstrap.features import Version
from infra.bootstrap.permission import Record
from infra.bootstrap.steps.base import Target
from infra.bootstrap.steps.format import Format
from tests.bootstrap.local_host import LocalHost, Noted

SIZE = 400 << 20
"""Bytes; mkfs.xfs makes nothing under 300 MiB."""

SERIAL = "vol0123456789abcdef0"
UUID = "11111111-2222-4333-8444-555555555555"

NEW = Record(SIZE, ours=True, made_here=True, blank_born=True)
"""The record of a volume that the stack made blank, and that was never formatted."""


def run(*words: str | Path) -> str:
    """Run a tool of this machine that must succeed."""
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def mkfs_version() -> Version:
    """Of this machine's mkfs.xfs."""
    found = parsers.mkfs(0, run("mkfs.xfs", "-V"))
    assert found
    return found


@dataclass
class Disk:
    """The device, the file below it, and what a step acts on."""

    image: Path
    device: str
    host: LocalHost
    permission: Noted

    @classmethod
    def attach(cls, folder: Path, image: Path | None = None) -> Disk:
        """A new blank one, or one over a file that is there."""
        tools = folder / "tools"
        tools.mkdir(exist_ok=True)
        file = image or folder / "disk.img"
        if image is None:
            run("truncate", "-s", str(SIZE), file)
        device = run("losetup", "--find", "--show", file)
        host = LocalHost(tools)
        host.give_serial(device, SERIAL)
        return cls(file, device, host, Noted(NEW))

    def close(self) -> None:
        """Detach it."""
        run("losetup", "--detach", self.device)

    def format(self, uuid: str = UUID, serial: str = SERIAL) -> None:
        """Take the step that makes a filesystem."""
        Format(self.device, serial, uuid, mkfs_version()).take(Target(self.host, self.permission, print))

    def digest(self) -> str:
        """The SHA-256 of every byte."""
        total = hashlib.sha256()
        with Path(self.device).open("rb", buffering=0) as file:
            while chunk := file.read(1 << 20):
                total.update(chunk)
        return total.hexdigest()

    def write(self, offset: int, content: bytes) -> None:
        """Put bytes on it."""
        with Path(self.device).open("r+b", buffering=0) as file:
            file.seek(offset)
            file.write(content)

    def probe(self) -> str:
        """What blkid finds on it."""
        words = ["blkid", "-p", "-o", "value", "-s", "TYPE", "-s", "UUID", self.device]
        return subprocess.run(words, capture_output=True, text=True, check=False).stdout


def half_made(folder: Path) -> Path:
    """The file of a disk on which mkfs.xfs was cut off: it ran where the storage took only 4 MiB of its writes."""
    small, image = folder / "small", folder / "half.img"
    small.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", small)
    try:
        run("truncate", "-s", str(SIZE), small / "disk.img")
        device = run("losetup", "--find", "--show", small / "disk.img")
        words = ["mkfs.xfs", "-q", "-K", "-m", f"uuid={UUID}", device]
        cut_off = subprocess.run(words, capture_output=True, check=False)
        run("losetup", "--detach", device)
        assert cut_off.returncode != 0
        run("cp", "--sparse=always", small / "disk.img", image)
    finally:
        run("umount", small)
    return image
