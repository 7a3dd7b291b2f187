"""Hold a lock of this host for as long as somebody listens, as a line on the standard input says now and then.

The first line printed is "held", or "busy" and who holds it. The kernel lets go of it when this process ends, however.
Arguments: the lock's file, who takes it.
"""

from __future__ import annotations

import fcntl
import os
import select
import sys
import time

SILENCE = 120.0
"""Seconds without a line after which whoever began this is gone: a network may die without a word."""

GRACE = 3.0
"""Seconds for which a lock is tried: the one before may be about to let go."""


def taken(file: int) -> bool:
    """Whether the lock is ours now."""
    until = time.monotonic() + GRACE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                return False
            time.sleep(0.1)
        else:
            return True


def sign(file: int, who: str) -> None:
    """Note who holds it, for those who come later."""
    since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    os.ftruncate(file, 0)
    os.pwrite(file, f"{who}, since {since}, as process {os.getpid()}\n".encode(), 0)


def main(path: str, who: str) -> int:
    """Take it and wait, or tell who has it."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    if not taken(file):
        print("busy", os.pread(file, 1000, 0).decode(errors="replace").strip(), flush=True)
        return 1
    sign(file, who)
    print("held", flush=True)
    while select.select([0], [], [], SILENCE)[0] and os.read(0, 1000):
        continue
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
