"""The program restic: that of the system, else a pinned release of its own."""

from __future__ import annotations

import bz2
import hashlib
import os
import platform
import re
import shutil
import stat
import subprocess
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from zagent import durable
from zagent.errors import ResticUnavailable
from zagent.protect.restic import fetching
from zagent.volume.layout import Layout

OLDEST = (0, 14)
"""The first version that knows repositories of version 2 and pack sizes (restic's changelog, 0.14.0)."""

PINNED = "0.19.1"
"""The release that is fetched, and the version that the tests run with beside Debian's."""

SHA256 = {
    "x86_64": ("amd64", "f415415624dcc452f2a02b8c33641791a8c6d6d3b65bbb3543fcf9a25151585c"),
    "aarch64": ("arm64", "a5f64aaab53d51e311fa3829124c5b703f2d14cf187d8640b6be3b2b49376465"),
}
"""Of ``restic_0.19.1_linux_*.bz2``, by what `uname -m` says: what SHA256SUMS of the release has, as more than ten
public projects that have nothing to do with each other pin it in their installers and Dockerfiles, for both."""

RELEASES = "https://github.com/restic/restic/releases/download"
"""Where the project's releases are."""

MIRROR = "ZAGENT_RESTIC_RELEASES"
"""The variable that names another place with the same files, for machines that don't reach the first."""

LARGEST = 200 << 20
"""Bytes that the program has at most: a wrong archive must not fill the disk."""

PATIENCE = 60.0
"""Seconds without a byte after which a download is given up."""


@dataclass(frozen=True)
class Binary:
    """The program and its version."""

    path: Path
    version: tuple[int, ...]


def obtain() -> Binary:
    """The program that is here, else the pinned release, fetched onto the system disk.

    Raises:
        ResticUnavailable: there is none, and it can't be had.
        CredentialsRefused: nothing tells how to reach it.
    """
    try:
        return find() or pinned()
    except ResticUnavailable as error:
        raise ResticUnavailable(why=f"{error.facts['why']}{_unused()}") from error


def _unused() -> str:
    """Why the one on PATH is not used."""
    on_path = shutil.which("restic")
    if not on_path:
        return ""
    why = (
        "root runs only what root alone can change"
        if not _is_safe(Path(on_path).resolve())
        else "it is older than 0.14"
    )
    return f"; {on_path} is not used, for {why}"


def find() -> Binary | None:
    """The program on PATH, else the one that was fetched before; None where neither will do.

    Root takes only a file that root alone can change, and none on a data root: root executes nothing from there.
    """
    on_path = shutil.which("restic")
    return (_usable(Path(on_path)) if on_path else None) or _usable(place())


def pinned() -> Binary:
    """The pinned release, fetched where it was not before; whatever is on PATH.

    Raises:
        ResticUnavailable: it can't be had.
        OSError: it can't be written.
    """
    return _usable(place()) or _checked(fetch())


def _usable(path: Path) -> Binary | None:
    """What is looked at is what is run: a link may lead elsewhere a moment later."""
    real = path.resolve()
    return _known(real) if real.is_file() and _is_safe(real) else None


def place() -> Path:
    """Where a fetched program lies: on the system disk."""
    base = Path("/opt/zagent") if os.geteuid() == 0 else _data_home() / "zagent"
    return base / "tools" / f"restic-{PINNED}"


def _data_home() -> Path:
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")


def _is_safe(path: Path) -> bool:
    if os.geteuid() != 0:
        return True
    on_data_root = any(Layout(one).marker.exists() for one in path.parents)
    return not on_data_root and all(_is_roots(one) for one in (path, *path.parents))


def _is_roots(path: Path) -> bool:
    found = path.stat()
    shared = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not found.st_mode & stat.S_ISVTX
    return found.st_uid == 0 and not shared


def _known(path: Path) -> Binary | None:
    try:
        told = subprocess.run([path, "version"], capture_output=True, text=True, check=False, timeout=30).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = parse(told)
    return Binary(path, version) if version >= OLDEST else None


def parse(told: str) -> tuple[int, ...]:
    """The version in what ``restic version`` prints; empty where there is none. Pure."""
    found = re.match(r"restic (\d+)\.(\d+)(?:\.(\d+))?", told)
    return tuple(int(one) for one in found.groups() if one) if found else ()


def _checked(path: Path) -> Binary:
    if found := _known(path):
        return found
    raise ResticUnavailable(why=f"{path} does not run on this machine")


def fetch() -> Path:
    """Fetch the pinned release and prove it; where it lies then.

    Raises:
        ResticUnavailable: it can't be had, or is not what its SHA-256 says; nothing has its name.
    """
    machine = platform.machine()
    if machine not in SHA256:
        raise ResticUnavailable(why=f"zagent knows no release for {machine}")
    architecture, wanted = SHA256[machine]
    base = os.environ.get(MIRROR) or RELEASES
    address = f"{base.rstrip('/')}/v{PINNED}/restic_{PINNED}_linux_{architecture}.bz2"
    content = _proved(address, wanted)
    target = place()
    durable.make_folder(target.parent)
    durable.write(target, _unpacked(content, address), mode=0o755)
    return target


def _proved(address: str, wanted: str) -> bytes:
    try:
        with fetching.opener().open(address, timeout=PATIENCE) as answer:
            content: bytes = answer.read(LARGEST)
            promised = answer.headers.get("Content-Length")
    except (OSError, HTTPException, ValueError) as error:
        raise ResticUnavailable(why=f"{address}: {error}") from error
    if promised and len(content) != int(promised):
        raise ResticUnavailable(why=f"{address} broke off after {len(content)} of {promised} bytes")
    found = hashlib.sha256(content).hexdigest()
    if found != wanted:
        raise ResticUnavailable(why=f"{address} has the SHA-256 {found}, not {wanted}")
    return content


def _unpacked(content: bytes, address: str) -> bytes:
    unpacked = bz2.BZ2Decompressor().decompress(content, LARGEST)
    if len(unpacked) == LARGEST:
        raise ResticUnavailable(why=f"{address} unpacks to more than {LARGEST} bytes")
    return unpacked
