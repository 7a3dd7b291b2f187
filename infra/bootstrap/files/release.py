"""Let the data volume go: end what uses it, write everything out, unmount. Argument: the mount point."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

GRACE = 10.0
"""Seconds between asking a process to end and ending it."""


def users(root: str) -> set[int]:
    """The processes that hold anything below ``root``: files, folders, programs, mapped libraries."""
    return {int(one.name) for one in Path("/proc").glob("[0-9]*") if int(one.name) != os.getpid() and holds(one, root)}


def holds(process: Path, root: str) -> bool:
    """Whether one process does."""
    try:
        links = [process / "cwd", process / "root", process / "exe", *(process / "fd").iterdir()]
        if any(below(str(one.readlink()), root) for one in links if one.is_symlink()):
            return True
        return any(below(line.split(maxsplit=5)[-1], root) for line in (process / "maps").read_text().splitlines())
    except OSError:  # it has ended, or is a kernel thread
        return False


def below(path: str, root: str) -> bool:
    """Whether ``path`` is ``root`` or lies below it."""
    return path == root or path.startswith(f"{root}/")


def end(root: str) -> None:
    """Ask them all to end; end those that do not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in users(root):
            try:
                os.kill(process, number)
            except ProcessLookupError:
                continue
        until = time.monotonic() + GRACE
        while users(root) and time.monotonic() < until:
            time.sleep(0.2)


def main(root: str) -> int:
    """Unmount; the exit code and words are umount's."""
    if not os.path.ismount(root):
        return 0
    end(root)
    os.sync()
    return subprocess.run(["umount", root], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
