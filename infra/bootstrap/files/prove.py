"""Look whether a disk is blank; print what was seen as JSON. Nothing is written.

Arguments: the device, and JSON with ``windows`` ([offset, length] in bytes), ``probes`` (how often blkid is asked) and
``pause`` (seconds between two of them).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any

CHUNK = 1 << 20


def probe(device: str) -> int:
    """The exit code of blkid when it reads the disk itself, not udev's notes."""
    return subprocess.run(["blkid", "-p", device], capture_output=True, check=False).returncode


def probes(device: str, count: int, pause: float) -> list[int]:
    """The exit codes of several probes, with a pause between them."""
    found = [probe(device)]
    while len(found) < count:
        time.sleep(pause)
        found.append(probe(device))
    return found


def signatures(device: str) -> list[str]:
    """The names of whatever wipefs finds; it is asked not to touch anything."""
    done = subprocess.run(["wipefs", "--no-act", "--json", device], capture_output=True, text=True, check=False)
    if done.returncode:
        return [f"something that wipefs can't tell: {done.stderr.strip()}"]
    return [one["type"] for one in json.loads(done.stdout or "{}").get("signatures", [])]


def nonzero(handle: int, windows: list[list[int]]) -> int | None:
    """Where the first byte that is not zero stands, in these places."""
    for offset, length in windows:
        for at in range(offset, offset + length, CHUNK):
            chunk = os.pread(handle, min(CHUNK, offset + length - at), at)
            if chunk.count(0) != len(chunk):
                return at + len(chunk) - len(chunk.lstrip(b"\0"))
    return None


def serial(device: str) -> str:
    """The serial number that lsblk shows for the disk; by it alone the volume is known."""
    return subprocess.run(
        ["lsblk", "-dnro", "SERIAL", device], capture_output=True, text=True, check=True
    ).stdout.strip()


def in_use(device: str) -> str:
    """Who else has the disk: the kernel grants O_EXCL to one only (mount, RAID, device mapper, swap)."""
    try:
        os.close(os.open(device, os.O_RDONLY | os.O_EXCL))
    except OSError as error:
        return error.strerror or str(error)
    listed = subprocess.run(
        ["lsblk", "-nro", "NAME", device], capture_output=True, text=True, check=True
    ).stdout.split()
    return f"{', '.join(listed[1:])} on it" if listed[1:] else ""


def main(device: str, asked: dict[str, Any]) -> None:
    """Look, and print."""
    busy = in_use(device)
    handle = os.open(device, os.O_RDONLY)
    try:
        seen = {
            "in_use": busy,
            "serial": serial(device),
            "size": os.lseek(handle, 0, os.SEEK_END),
            "sector": os.pread(handle, 512, 0).hex(),
            "probes": probes(device, asked["probes"], asked["pause"]),
            "signatures": signatures(device),
            "nonzero": nonzero(handle, asked["windows"]),
        }
    finally:
        os.close(handle)
    print(json.dumps(seen))


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
