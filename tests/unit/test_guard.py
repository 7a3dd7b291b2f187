"""What the guard makes of a system that refuses; real disks are in tests/filesystems."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from zagent.errors import (
    DataRootMissing,
    InputOutputError,
    NotAdopted,
    NotWritable,
    ReadOnlyVolume,
    SystemRefused,
    UnsuitableVolume,
    VolumeFull,
    WrongVolume,
    ZagentError,
)
from zagent.volume import disk, guard, marker, mounts


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (errno.ENOSPC, VolumeFull),
        (errno.EDQUOT, VolumeFull),
        (errno.EROFS, ReadOnlyVolume),
        (errno.EACCES, NotWritable),
        (errno.EIO, InputOutputError),
        (errno.ENOTCONN, SystemRefused),
    ],
    ids=lambda value: errno.errorcode[value] if isinstance(value, int) else value.__name__,
)
def test_a_write_that_fails_only_when_it_is_synced_is_refused(
    root: Path, monkeypatch: pytest.MonkeyPatch, code: int, error: type[ZagentError]
) -> None:
    """Quotas and network mounts say no late; every such errno has its class."""

    def fsync(handle: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(error):
        guard.guard(root, root / "outputs")


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO, errno.ESTALE])
def test_a_root_that_cannot_even_be_looked_at_is_one_error(
    root: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """A closed parent folder, a dying disk, a stale network mount: never a bare system error."""

    def refuse(path: Path) -> bool:
        raise OSError(code, os.strerror(code), str(path))

    monkeypatch.setattr(Path, "is_dir", refuse)
    with pytest.raises(ZagentError):
        guard.identify(root)


def test_a_missing_root_is_not_an_empty_one(tmp_path: Path) -> None:
    """Three states of a path that is no data root, three texts."""
    with pytest.raises(DataRootMissing):
        guard.identify(tmp_path / "nothing")
    bare = tmp_path / "bare"
    bare.mkdir()
    with pytest.raises(NotAdopted, match="an empty folder, as when the data volume is not mounted"):
        guard.identify(bare)
    (bare / "file").touch()
    with pytest.raises(NotAdopted, match="the folder holds other files"):
        guard.identify(bare)


def test_a_file_in_the_place_of_the_root_is_no_root(tmp_path: Path) -> None:
    """It is not called missing: nothing can be mounted or made there."""
    (tmp_path / "file").touch()
    with pytest.raises(UnsuitableVolume, match="it is a file, not a folder"):
        guard.identify(tmp_path / "file")


def test_a_filesystem_without_a_uuid_is_told_by_its_type(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a network mount; the same type passes, another does not, and one that had a uuid must have it again."""
    monkeypatch.setattr(disk, "filesystem_uuid", lambda path: None)
    with pytest.raises(WrongVolume, match="a filesystem without a readable uuid"):
        guard.identify(root)
    marker.write(root, marker.new("other", "no-such-fs", None))
    with pytest.raises(WrongVolume, match="says no-such-fs"):
        guard.identify(root)
    mount = mounts.of(root)
    assert mount is not None
    marker.write(root, marker.new("other", mount.fs_type, None))
    assert guard.identify(root).fs_uuid is None


def test_a_probe_leaves_no_name(root: Path) -> None:
    """What was written to find out is gone with the answer."""
    before = sorted(root.rglob("*"))
    guard.guard(root, root)
    assert sorted(root.rglob("*")) == before


def test_a_folder_is_asked_through_its_nearest_parent(root: Path) -> None:
    """And a file in the way is an error, not a folder to be."""
    guard.guard(root, root / "a" / "b" / "c")
    (root / "file").touch()
    with pytest.raises(ZagentError):
        guard.guard(root, root / "file" / "below")
