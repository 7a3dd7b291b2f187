"""Look on the system disk for what a person would miss; print [path, bytes] of each as JSON, the largest first.

Counted is what changed since the first boot, so that what came with the image is none of it. Nothing is written.
Arguments: folders to look in, then "--", then folders below them to leave out.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

BORN = ("/etc/ssh/ssh_host_ed25519_key", "/etc/machine-id")
"""What the first boot makes, and no later one; the system disk is as old as the first of these that is there."""

LARGE = 1 << 20
"""Bytes from which on a file counts also in a hidden folder, where programs keep what they can make again."""


def born(marks: tuple[str, ...] = BORN) -> float:
    """When the system disk came to life."""
    return next((os.lstat(one).st_ctime for one in marks if os.path.lexists(one)), 0.0)


def valuables(folder: Path, out: frozenset[str], since: float, hidden: bool = False) -> Iterator[tuple[str, int]]:
    """The files below one folder of one filesystem that changed after ``since``."""
    for entry, found in _entries(folder):
        inner = hidden or entry.name.startswith(".")
        if entry.path in out:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from valuables(Path(entry.path), out, since, inner)
        elif entry.is_file(follow_symlinks=False) and found.st_ctime > since and (found.st_size >= LARGE or not inner):
            yield entry.path, found.st_size


def _entries(folder: Path) -> Iterator[tuple[os.DirEntry[str], os.stat_result]]:
    """What is on the folder's own filesystem; a system that runs deletes files while they are looked at."""
    with suppress(FileNotFoundError):
        here, listed = os.lstat(folder).st_dev, sorted(os.scandir(folder), key=lambda one: one.name)
        for entry in listed:
            with suppress(FileNotFoundError):
                if (found := entry.stat(follow_symlinks=False)).st_dev == here:
                    yield entry, found


def main(*words: str) -> None:
    """Look, and print."""
    at = words.index("--")
    folders = [Path(one) for one in words[:at] if Path(one).is_dir()]
    found = [one for folder in folders for one in valuables(folder, frozenset(words[at + 1 :]), born())]
    print(json.dumps(sorted(found, key=lambda one: -one[1])))


if __name__ == "__main__":
    main(*sys.argv[1:])
