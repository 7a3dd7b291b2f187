"""A mount namespace of a test's own: what is mounted there is nobody else's on this machine."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SETTLE = 'mount --make-rshared / && mount "$1" "$2" && echo ready && exec cat'
"""Device and mount point. Shared, as systemd has it, so that services in namespaces of theirs see an unmount."""


@dataclass(frozen=True)
class Room:
    """The namespace of a process, and where a disk is mounted in it."""

    process: int
    mounted: Path

    def inside(self, *words: str | Path) -> list[str]:
        """The command that runs this one in there."""
        return ["nsenter", f"--mount=/proc/{self.process}/ns/mnt", "--wdns=/", *map(str, words)]

    def run(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        return subprocess.run(self.inside(*words), capture_output=True, text=True, check=False)

    @property
    def is_mounted(self) -> bool:
        """Whether the disk still is."""
        return self.run("mountpoint", "-q", self.mounted).returncode == 0

    @contextmanager
    def settled(self, words: Sequence[str | Path]) -> Iterator[subprocess.Popen[str]]:
        """A process in there, once it has said that it is ready; ended after the block."""
        process = subprocess.Popen(self.inside(*words), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()
            process.communicate()


@contextmanager
def room(device: str, mounted: Path) -> Iterator[Room]:
    """One with a disk mounted; it lives as long as the block, and so do its mounts at most."""
    words = ["unshare", "--mount", "--propagation", "private", "sh", "-c", SETTLE, "settle", device, str(mounted)]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield Room(process.pid, mounted)
    finally:
        process.kill()
        process.communicate()
