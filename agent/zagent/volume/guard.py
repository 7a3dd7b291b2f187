"""The one question every writer asks first: is this the data root, and does it take a write?

It writes nothing that stays and makes no folder, so a refusal leaves no trace.
"""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from zagent.errors import (
    DataRootMissing,
    NotAdopted,
    NotWritable,
    ReadOnlyVolume,
    UnsuitableVolume,
    VolumeError,
    VolumeFull,
    WrongVolume,
    from_os_error,
)
from zagent.user import user_name
from zagent.volume import disk, marker, mounts
from zagent.volume.layout import Layout

PROBE_BYTES = 64 * 1024
"""Enough to need blocks of its own on every filesystem."""


def guard(root: Path, *folders: Path) -> marker.Marker:
    """The marker of ``root``, once it is proved that each of ``folders`` would take a write as this user.

    A folder that is not there yet is asked through its nearest parent that is.

    Raises:
        VolumeError: which of the checks failed, and the command that mends it; not one byte was written.
    """
    found = identify(root)
    for folder in folders:
        try:
            probe(_nearest(folder))
        except OSError as error:
            raise refusal(error, folder, root) from error
    return found


def identify(root: Path) -> marker.Marker:
    """The marker of ``root``, once it agrees with the filesystem below it; for commands that only read.

    Raises:
        VolumeError: the path is missing or a file, has no marker, or carries the marker of another filesystem.
    """
    try:
        if not root.is_dir():
            raise _no_folder(root)
        found = marker.read(Layout(root))
        if found is None:
            raise NotAdopted(path=root, why=_emptiness(root))
        _same_filesystem(root, found)
    except OSError as error:
        raise from_os_error(error, root) from error
    return found


def _no_folder(root: Path) -> VolumeError:
    if not root.exists():
        return DataRootMissing(path=root)
    hint = "name a folder: zagent --data-root FOLDER …, or set ZAGENT_DATA_ROOT to one"
    return UnsuitableVolume(path=root, why="it is a file, not a folder", hint=hint)


def _emptiness(root: Path) -> str:
    if any(root.iterdir()):
        return "the folder holds other files"
    return "an empty folder, as when the data volume is not mounted"


def _same_filesystem(root: Path, found: marker.Marker) -> None:
    """Compare uuids; a filesystem without one is told by its type, which a copied marker rarely shares."""
    actual = disk.filesystem_uuid(root)
    if found.fs_uuid is None:
        mount = mounts.of(root)
        expected, actual = found.fs_type, mount.fs_type if mount else "nothing"
    else:
        expected = found.fs_uuid
    if actual != expected:
        raise WrongVolume(path=root, expected=expected, found=actual or "a filesystem without a readable uuid")


def _nearest(folder: Path) -> Path:
    return next(one for one in (folder, *folder.parents) if one.exists())


def probe(folder: Path) -> None:
    """Write and sync some bytes in ``folder`` without giving them a name.

    Only a write tells: after an ext4 error the mount still says ``rw`` and statvfs still says writable.

    Raises:
        OSError: it does not take writes.
    """
    with _nameless(folder) as file:
        file.write(os.urandom(PROBE_BYTES))  # zeros could be stored without blocks
        file.flush()
        os.fsync(file.fileno())


def _nameless(folder: Path) -> tempfile._TemporaryFileWrapper[bytes]:
    """A file that vanishes with this process: O_TMPFILE where the filesystem can, unlinked at once elsewhere."""
    return tempfile.TemporaryFile(dir=folder)  # type: ignore[return-value]


def refusal(error: OSError, folder: Path, root: Path) -> Exception:
    """The error of a failed write in ``folder``, with the data root's remedy."""
    if error.errno == errno.EROFS:
        return ReadOnlyVolume(path=folder, root=root)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return VolumeFull(path=folder)
    if error.errno in (errno.EACCES, errno.EPERM):
        return NotWritable(path=folder, user=user_name(), why=error.strerror)
    return from_os_error(error, folder)
