"""Loop devices are the whole machine's: tests and demonstrations that run at once take turns with theirs."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CONTROL = Path("/dev/loop-control")


@contextmanager
def alone() -> Iterator[None]:
    """Wait until nobody else is in here, in any process of this machine; one that ends leaves it.

    Whoever has a loop device with a filesystem that is not mounted belongs in here: `zagent volume mount`, of another
    test or demonstration, mounts it for a look, and could take it for its own.

    Raises:
        OSError: this machine has no loop devices, or they are not this user's.
    """
    with CONTROL.open("rb", buffering=0) as control:
        fcntl.flock(control, fcntl.LOCK_EX)
        yield
