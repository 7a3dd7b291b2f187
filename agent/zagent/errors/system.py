"""What the operating system's errors mean."""

from __future__ import annotations

import errno
from pathlib import Path

from zagent.errors.base import InputOutputError, SystemRefused, ZagentError
from zagent.errors.volume import NotWritable, ReadOnlyVolume, VolumeFull
from zagent.user import user_name


def from_os_error(error: OSError, path: object = None) -> ZagentError:
    """The ZagentError for an operating-system error at ``path`` (default: the file name it carries).

    Never raises; an errno without a class of its own becomes SystemRefused with the system's text.
    """
    where = path if path is not None else error.filename or "a file"
    why = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return VolumeFull(path=where)
    if error.errno == errno.EROFS:
        return ReadOnlyVolume(path=where, root=_mount_point(Path(str(where))))
    if error.errno in (errno.EACCES, errno.EPERM):
        return NotWritable(path=where, user=user_name(), why=why)
    if error.errno in (errno.EIO, errno.EUCLEAN, errno.EBADMSG, errno.EREMOTEIO, errno.ESTALE):
        return InputOutputError(path=where, detail=why)
    return SystemRefused(path=where, detail=why)


def _mount_point(path: Path) -> Path:
    """Where the filesystem of ``path`` is mounted, for a remedy that a shell takes."""
    return next((one for one in (path, *path.parents) if one.is_mount()), path)
