"""Loop devices, mounts and proofs for the tests here; everything made is taken away again."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from zagent.settings import load
from zagent.volume import disk, marker, mounts

NOBODY = 65534

MKFS = {
    "xfs": ["mkfs.xfs", "-q"],
    "ext4": ["mkfs.ext4", "-q", "-F", "-E", "nodiscard", "-O", "^has_journal"],
    "ext4 in one group": ["mkfs.ext4", "-q", "-F", "-b", "4096", "-O", "^has_journal"],
    "ext4 with a journal": ["mkfs.ext4", "-q", "-F", "-J", "size=4"],
}
SMALLEST = {"xfs": "300M", "ext4": "16M", "ext4 in one group": "64M", "ext4 with a journal": "32M"}


def run(*command: str | Path) -> str:
    """Run a system tool; what it prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@dataclass
class Volume:
    """A filesystem in a file, on a loop device, and where it is mounted."""

    image: Path
    folder: Path
    device: str = ""

    def attach(self) -> None:
        """Give it a loop device."""
        self.device = run("losetup", "--find", "--show", self.image)

    def detach(self) -> None:
        """Take its loop device away."""
        run("losetup", "--detach", self.device)

    def mount(self, options: str = "rw") -> None:
        """Mount it at its folder."""
        run("mount", "-o", options, self.device, self.folder)

    def umount(self) -> None:
        """Take it off its folder."""
        run("umount", self.folder)


@dataclass
class Bench:
    """Makes filesystems that are mounted below ``base`` and lie in files in ``images``, and remembers them."""

    base: Path
    images: Path
    volumes: list[Volume] = field(default_factory=list)

    def folder(self, name: str) -> Path:
        """A new folder for a mount."""
        path = self.base / name
        path.mkdir()
        return path

    def disk(self, kind: str, size: str | None = None, options: str = "rw") -> Volume:
        """A new filesystem of a ``kind`` in MKFS, mounted."""
        number = len(self.volumes)
        image, folder = self.images / f"disk{number}.img", self.folder(f"mount{number}")
        run("truncate", "-s", size or SMALLEST[kind], image)
        run(*MKFS[kind], image)
        made = Volume(image, folder)
        made.attach()
        self.volumes.append(made)
        made.mount(options)
        return made

    def bind(self, source: Path) -> Path:
        """A new folder with another one mounted on it."""
        folder = self.folder("bound")
        run("mount", "--bind", source, folder)
        return folder

    def memory(self, size: str) -> Path:
        """A new tmpfs of ``size``, mounted."""
        folder = self.folder("memory")
        run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder)
        return folder

    def close(self) -> None:
        """Unmount and detach whatever was made, also after a failed test."""
        for one in reversed(mounts.current()):
            if self.base in one.path.parents:
                run("umount", "--lazy", one.path)
        for volume in self.volumes:
            volume.detach()


def image_digest(volume: Volume) -> str:
    """The SHA-256 of the file below a detached or unmounted volume."""
    os.sync()
    return run("sha256sum", volume.image).split()[0]


def adopted(folder: Path) -> Path:
    """Make a filesystem that is too small for ``zagent volume adopt`` a data root."""
    fs_type = "xfs"  # of no account where there is a uuid
    marker.write(folder, marker.new("data-disk", fs_type, disk.filesystem_uuid(folder)))
    return folder


def fill(folder: Path) -> None:
    """Leave no byte free."""
    with (folder / "filler").open("wb", buffering=0) as file:
        for chunk in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(os.urandom(chunk))
            except OSError:
                continue


def everything(folder: Path) -> dict[str, tuple[object, ...]]:
    """All that lies in ``folder`` and below: names, kinds, times of change, content."""
    return {str(path): _traits(path) for path in [folder, *sorted(folder.rglob("*"))]}


def _traits(path: Path) -> tuple[object, ...]:
    stat = path.lstat()
    content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
    return stat.st_mode, stat.st_uid, stat.st_mtime_ns, stat.st_ctime_ns, content


def free(folder: Path) -> tuple[int, int]:
    """The free blocks and inodes of a filesystem."""
    found = os.statvfs(folder)
    return found.f_bfree, found.f_ffree


@contextmanager
def another_user() -> Iterator[None]:
    """Be nobody: neither root's rights nor its groups."""
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


def outputs(root: Path) -> Path:
    """Where `zagent generate` writes as this user."""
    settings = load(root)
    return settings.layout.outputs(settings.user)
