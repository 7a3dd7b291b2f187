"""Reading from the disk: every byte of every size, errors where they are, and nothing left running."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest
from zagent.weights.reading import BUFFER, read_from_disk


def content(path: Path) -> bytes:
    """All pieces together."""
    return b"".join(bytes(piece) for piece in read_from_disk(path))


def opened(path: Path) -> int:
    """How often this process has a file open; what else it has open comes and goes with other tests' garbage."""
    return sum(one.samefile(path) for one in Path("/proc/self/fd").iterdir() if one.exists())


@pytest.mark.parametrize("size", [0, 1, 511, 512, 4095, 4096, 4097, BUFFER - 1, BUFFER, BUFFER + 1, 5 * BUFFER + 7])
def test_every_size_is_read_whole(tmp_path: Path, size: int) -> None:
    """Sizes that fit no block of the disk lose and gain no byte."""
    file = tmp_path / "file"
    file.write_bytes(os.urandom(size))
    assert content(file) == file.read_bytes()


def test_a_filesystem_without_direct_reads_is_read_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where open or read answer EINVAL to O_DIRECT, the pages are dropped and read anew."""
    file = tmp_path / "file"
    file.write_bytes(os.urandom(BUFFER + 5))
    real_open, real_read = os.open, os.preadv
    refused = []

    def no_direct(path: Path, flags: int) -> int:
        if flags & os.O_DIRECT:
            refused.append("open")
            raise OSError(errno.EINVAL, "Invalid argument")
        return real_open(path, flags)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", no_direct)
        assert content(file) == file.read_bytes()

    def no_direct_read(handle: int, buffers: list[bytearray], offset: int) -> int:
        if not refused or refused[-1] != "read":
            refused.append("read")
            raise OSError(errno.EINVAL, "Invalid argument")
        return real_read(handle, buffers, offset)

    with monkeypatch.context() as patched:
        patched.setattr(os, "preadv", no_direct_read)
        assert content(file) == file.read_bytes()
    assert refused == ["open", "read"]


def test_an_unreadable_block_is_raised_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What came before it is handed over; then the error comes."""
    file = tmp_path / "file"
    file.write_bytes(os.urandom(3 * BUFFER))
    real = os.preadv

    def sick(handle: int, buffers: list[bytearray], offset: int) -> int:
        if offset >= 2 * BUFFER:
            raise OSError(errno.EIO, "Input/output error")
        return real(handle, buffers, offset)

    monkeypatch.setattr(os, "preadv", sick)
    pieces = read_from_disk(file)
    assert [len(next(pieces)), len(next(pieces))] == [BUFFER, BUFFER]
    with pytest.raises(OSError, match="Input/output"):
        next(pieces)


def test_who_stops_early_leaves_nothing_running(tmp_path: Path) -> None:
    """The reader's thread ends and the file is closed."""
    file = tmp_path / "file"
    file.write_bytes(os.urandom(5 * BUFFER))
    threads = threading.active_count()
    pieces = read_from_disk(file)
    next(pieces)
    assert opened(file) == 1
    pieces.close()  # type: ignore[attr-defined]
    assert threading.active_count() == threads
    assert opened(file) == 0


def test_a_missing_file_is_an_error_at_once(tmp_path: Path) -> None:
    """Before any thread is started."""
    with pytest.raises(FileNotFoundError):
        next(read_from_disk(tmp_path / "nothing"))


def test_a_file_that_shrinks_ends_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read that gives nothing ends the content instead of waiting for ever."""
    file = tmp_path / "file"
    file.write_bytes(os.urandom(2 * BUFFER))
    monkeypatch.setattr(os, "preadv", lambda handle, buffers, offset: 0)
    assert content(file) == b""


def test_any_error_of_the_reader_ends_the_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only the disk's: a thread that dies silently would leave its consumer waiting for ever."""
    file = tmp_path / "file"
    file.write_bytes(b"x")

    def short_of_memory(handle: int, buffers: list[bytearray], offset: int) -> int:
        raise MemoryError

    monkeypatch.setattr(os, "preadv", short_of_memory)
    with pytest.raises(MemoryError):
        content(file)


def test_without_direct_reads_the_pages_are_dropped_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or memory would be tested instead of the disk."""
    file = tmp_path / "file"
    file.write_bytes(b"x")
    real, dropped = os.open, []

    def no_direct(path: Path, flags: int) -> int:
        if flags & os.O_DIRECT:
            raise OSError(errno.EINVAL, "Invalid argument")
        return real(path, flags)

    monkeypatch.setattr(os, "open", no_direct)
    monkeypatch.setattr(os, "posix_fadvise", lambda handle, offset, length, advice: dropped.append(advice))
    assert content(file) == b"x"
    assert dropped == [os.POSIX_FADV_DONTNEED]
