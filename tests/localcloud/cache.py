"""What is slow to make and the same in every clone: made once, kept under a key in the user's cache folder."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

STAMP = "complete.json"
"""Written last into a cached folder: the size of every file in it."""


HOME = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zagent"
"""The folder that holds everything cached. Read at import: a test gets a home of its own, but not a cache."""


def key_of(*parts: str | bytes) -> str:
    """A short key that changes with any of the parts: versions, scripts, lock files."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(b"%d:" % len(content) + content)
    return digest.hexdigest()[:16]


def find(kind: str, key: str) -> Path | None:
    """The cached folder if it is there and whole: every file of its stamp with its size."""
    folder = HOME / f"{kind}-{key}"
    try:
        sizes = json.loads((folder / STAMP).read_text())
        whole = all((folder / name).lstat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError):
        return None
    return folder if whole else None


def made(kind: str, key: str, make: Callable[[Path], None]) -> Path:
    """The cached folder, made by ``make`` in an empty folder if there is none; one process makes it, others wait.

    It gets its final name only when ``make`` has returned, so an interrupted one leaves nothing that looks whole.
    """
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / f"{kind}-{key}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = find(kind, key)
        return found or _make(HOME / f"{kind}-{key}", make)


def _make(folder: Path, make: Callable[[Path], None]) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    scratch = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    try:
        make(scratch)
        sizes = {str(one.relative_to(scratch)): one.lstat().st_size for one in scratch.rglob("*") if one.is_file()}
        (scratch / STAMP).write_text(json.dumps(sizes, sort_keys=True))
        scratch.chmod(0o755)
        scratch.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return folder
