"""Look on the system disk for what a person would miss; print [path, bytes] of each as JSON, the largest first.

Counted is what changed since the first boot, hidden or not, so that what came with the image is none of it; but neither
what programs make again, nor what a new disk gets as well. Nothing is written.
Arguments: folders to look in, then "--", then folders below them to leave out.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

BORN = (
    "/etc/ssh/ssh_host_ed25519_key",
    "/etc/ssh/ssh_host_ed25519_key.pub",
    "/var/lib/cloud/instance/sem/config_ssh",  # cloud-init's note that it plants them, once for each instance
)
"""What the first boot makes at about the same time; a later change of some of them moves their times, not all."""

MACHINE = "/etc/machine-id"
"""The same where there is no cloud-init; an image that was made of a host may have its own."""

LARGE = 1 << 20
"""Bytes from which on a file counts also where programs keep what they can make again: it may take them hours."""

MADE_AGAIN = (
    *("/.cache", "/.npm/_cacache", "/.nv/ComputeCache", "/.triton/cache", "/.vscode-server", "/__pycache__"),
    *("/.bash_history", "/.zsh_history", "/.python_history", "/.lesshst", "/.viminfo", "/.wget-hsts"),
    *("/.local/share/Trash", "/.modelscope/credentials/session", "/.sudo_as_admin_successful"),
)
"""How the paths end of what programs make again, or write on their own; nothing else is left out by its name."""

SKELETON = Path("/etc/skel")
"""What a new home begins with (useradd(8))."""

CLOUD = Path("/run/cloud-init/instance-data.json")
"""What cloud-init knows of the instance, as of this boot: of its "v1", "public_ssh_keys" may log in to any new disk."""

AUTHORIZED = "authorized_keys"


def born(marks: tuple[str, ...] = BORN, machine: str = MACHINE) -> float:
    """When the system disk came to life: the earliest of what is told, so that nothing later is overlooked."""
    times = [os.lstat(one).st_ctime for one in marks if os.path.lexists(one)]
    return min(times or [os.lstat(machine).st_ctime if os.path.lexists(machine) else 0.0])


def valuables(folder: Path, out: frozenset[str], since: float, again: bool = False) -> Iterator[tuple[str, int]]:
    """The files below one folder of one filesystem that changed after ``since``; programs make them ``again``."""
    for entry, found in _entries(folder):
        inner = again or entry.path.endswith(MADE_AGAIN)
        if entry.path in out:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from valuables(Path(entry.path), out, since, inner)
        elif entry.is_file(follow_symlinks=False) and found.st_ctime > since and _dear(entry, found.st_size, inner):
            yield entry.path, found.st_size


def _dear(entry: os.DirEntry[str], size: int, again: bool) -> bool:
    return size >= LARGE or not (again or given(Path(entry.path), size))


def _entries(folder: Path) -> Iterator[tuple[os.DirEntry[str], os.stat_result]]:
    """What is on the folder's own filesystem; a system that runs deletes files while they are looked at."""
    with suppress(FileNotFoundError):
        here, listed = os.lstat(folder).st_dev, sorted(os.scandir(folder), key=lambda one: one.name)
        for entry in listed:
            with suppress(FileNotFoundError):
                if (found := entry.stat(follow_symlinks=False)).st_dev == here:
                    yield entry, found


def given(path: Path, size: int) -> bool:
    """Whether a file has nothing but what every new disk has: as the skeleton, or only the instance's own keys."""
    if path.name == AUTHORIZED:
        lines = [line.split() for line in read(path).splitlines() if line.strip() and not line.startswith(b"#")]
        return bool(lines) and all(_keys() & set(words) for words in lines)
    like = SKELETON / path.name
    return path.name.startswith(".") and like.is_file() and like.stat().st_size == size and read(path) == read(like)


def read(path: Path) -> bytes:
    """A small file of anybody's, empty where it is none any more; what took its place is not followed or waited for."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            return file.read(LARGE)
    except OSError:
        return b""


def _keys() -> set[bytes]:
    """The keys themselves, without their kinds and comments; none where cloud-init does not tell."""
    try:
        told = json.loads(CLOUD.read_text())["v1"]["public_ssh_keys"]
    except (OSError, ValueError, KeyError, TypeError):
        return set()
    return {words[1].encode() for words in map(str.split, told) if len(words) > 1}


def main(*words: str) -> None:
    """Look, and print."""
    at = words.index("--")
    folders = [Path(one) for one in words[:at] if Path(one).is_dir()]
    found = [one for folder in folders for one in valuables(folder, frozenset(words[at + 1 :]), born())]
    print(json.dumps(sorted(found, key=lambda one: -one[1])))


if __name__ == "__main__":
    main(*sys.argv[1:])
