"""Make an environment on the operator's side, from wheels whose hashes the lock file knows; the host needs no index."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.bootstrap.facts.model import Python
from infra.bootstrap.packing import pack
from infra.bootstrap.runtime import Runtime
from infra.errors import PackagesUnavailable

OLDEST_GLIBC = 5
"""The minor version that the oldest wheels are for: manylinux1 is glibc 2.5 (PEP 513)."""

LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
"""The older names of some platforms (PEP 600)."""


@dataclass(frozen=True)
class Made:
    """A runtime as a tar file, and the list of what is in it (see ``packing``), both in the cache."""

    archive: Path
    listing: Path


def archive(runtime: Runtime, index_url: str = "") -> Path:
    """The runtime as a tar file; see ``made``."""
    return made(runtime, index_url).archive


def listing(runtime: Runtime, index_url: str = "") -> Path:
    """The list of what is in it; see ``made``."""
    return made(runtime, index_url).listing


def made(runtime: Runtime, index_url: str = "") -> Made:
    """The runtime, made unless an earlier call made it; kept in the user's cache folder.

    Raises:
        PackagesUnavailable: pip could not get every wheel with the right hash.
        OSError: the cache can't be written.
    """
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zagent"
    found = Made(home / f"runtime-{runtime.key}.tar.gz", home / f"runtime-{runtime.key}.json")
    if not found.archive.exists():
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".making-", dir=home) as name:
            scratch = Path(name)
            _install(runtime, scratch / "site", index_url)
            text = pack(runtime, scratch / "site", scratch / "archive")
            (scratch / "listing").write_text(text)
            (scratch / "listing").replace(found.listing)
            (scratch / "archive").replace(found.archive)  # last: where it is, both are
    return found


def _install(runtime: Runtime, target: Path, index_url: str) -> None:
    """Let pip unpack the wheels for another machine: nothing of them runs here, and no source is built."""
    target.mkdir()
    if not runtime.packages:
        return
    requirements = target.with_name("requirements.txt")
    requirements.write_text("".join(f"{one}\n" for one in runtime.packages))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    pip += ["--no-deps", "--require-hashes", "--only-binary=:all:", "--no-compile", "--target", str(target)]
    pip += ["--implementation", "cp", "--python-version", runtime.python.minor, *_platforms(runtime.python)]
    pip += ["--index-url", index_url] if index_url else []
    done = subprocess.run([*pip, "-r", str(requirements)], capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"pip ended with {done.returncode}"]
        where = f"Python {runtime.python.minor} on {runtime.python.machine}"
        raise PackagesUnavailable(platform=where, why=lines[-1].removeprefix("ERROR: "))


def _platforms(python: Python) -> Iterator[str]:
    """For pip, which takes a platform literally, so every older glibc is named as well, newest first."""
    for minor in range(python.glibc[1], OLDEST_GLIBC - 1, -1):
        yield f"--platform=manylinux_2_{minor}_{python.machine}"
        if minor in LEGACY:
            yield f"--platform={LEGACY[minor]}_{python.machine}"
    yield f"--platform=linux_{python.machine}"
