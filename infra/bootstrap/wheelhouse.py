"""Make a runtime on the operator's side, from wheels whose hashes the lock file knows; the host needs no index."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from infra.bootstrap.facts.model import Python
from infra.bootstrap.runtime import Runtime
from infra.errors import PackagesUnavailable

OLDEST_GLIBC = 5
"""The minor version that the oldest wheels are for: manylinux1 is glibc 2.5 (PEP 513)."""

LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
"""The older names of some platforms (PEP 600)."""


def cached(runtime: Runtime, index_url: str = "") -> Path:
    """The runtime as a tar file, made unless an earlier call made it; kept in the user's cache folder.

    Raises:
        PackagesUnavailable: pip could not get every wheel with the right hash.
        OSError: the cache can't be written.
    """
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zagent"
    path = home / f"runtime-{runtime.key}.tar.gz"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".making-", dir=home) as name:
            scratch = Path(name)
            _install(runtime, scratch / "site", index_url)
            _pack(runtime, scratch / "site", scratch / "archive")
            (scratch / "archive").replace(path)
    return path


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


def _pack(runtime: Runtime, site: Path, path: Path) -> None:
    """A virtual environment is these files and no more (PEP 405): nothing needs to run on the host to make it."""
    config = f"home = {Path(runtime.python.executable).parent}\ninclude-system-site-packages = false\n"
    with tarfile.open(path, "w:gz", compresslevel=6) as tar:
        _add_text(tar, "pyvenv.cfg", config)
        _add_link(tar, "bin/python", runtime.python.executable)
        for one in sorted(site.iterdir()):
            if one.name != "bin":  # commands for the interpreter of this machine
                tar.add(one, f"{runtime.site}/{one.name}", filter=_as_root)
        if runtime.image:
            _add_text(tar, f"{runtime.site}/image.pth", f"{runtime.image}\n")


def _as_root(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = "root"
    info.mode = 0o755 if info.isdir() or info.mode & 0o100 else 0o644
    return info


def _add_text(tar: tarfile.TarFile, name: str, text: str) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(text.encode())
    tar.addfile(info, io.BytesIO(text.encode()))


def _add_link(tar: tarfile.TarFile, name: str, target: str) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, target
    tar.addfile(info)
