"""One writer at a time: a file held by flock, which the kernel releases when its holder dies."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path

from zagent.errors import ModelBusy


@contextmanager
def held(path: Path, what: str, doing: str) -> Iterator[None]:
    """Hold the lock file ``path`` for the thing named ``what``; ``doing`` is shown to whoever comes too.

    The file stays behind empty; a dead holder's lock is free at once, whatever its file says.

    Raises:
        ModelBusy: another process holds it, with who and since when.
        OSError: the file can't be opened.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)  # it is emptied: never through a link
    try:
        _share(handle, path.parent)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ModelBusy(model=what, holder=_holder(handle)) from error
        with suppress(OSError):  # a full disk takes no note, but it is the lock that counts
            _say(handle, doing)
        try:
            yield
        finally:
            with suppress(OSError):  # nor does a disk that takes no writes any more
                os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _share(handle: int, folder: Path) -> None:
    """Root makes it for whoever the folder belongs to, who is to take the lock as well; where root may do that."""
    owner = folder.stat()
    if os.geteuid() == 0 and os.fstat(handle).st_uid != owner.st_uid:
        with suppress(PermissionError):  # services may not
            os.fchown(handle, owner.st_uid, owner.st_gid)


def _say(handle: int, doing: str) -> None:
    since = datetime.now(timezone.utc).isoformat(timespec="seconds")
    note = {"pid": os.getpid(), "host": socket.gethostname(), "doing": doing, "since": since}
    os.ftruncate(handle, 0)
    os.pwrite(handle, json.dumps(note).encode(), 0)


def _holder(handle: int) -> str:
    try:
        note = json.loads(os.pread(handle, 4096, 0))
        return f"`{note['doing']}` (process {note['pid']} on {note['host']}, since {note['since']})"
    except (ValueError, KeyError, TypeError):
        return "another process"
