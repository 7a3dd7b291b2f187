"""Writing past the page cache: every byte of every size, on filesystems that can and those that can't."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from zagent.weights.copying import copy
from zagent.weights.reading import BLOCK, BUFFER
from zagent.weights.writing import Writing

SIZES = [0, 1, 511, 512, 4095, 4096, 4097, BUFFER - 1, BUFFER, BUFFER + 1, 3 * BUFFER + 7]


def copied(source: Path, target: Path, size: int) -> None:
    """Copy random bytes of this size, and see that they are the same."""
    source.write_bytes(os.urandom(size))
    copy(source, target, lambda count: None)
    assert target.read_bytes() == source.read_bytes()


@pytest.fixture
def ramfs(tmp_path: Path) -> Iterator[Path]:
    """A filesystem that knows no O_DIRECT."""
    folder = tmp_path / "ramfs"
    folder.mkdir()
    subprocess.run(["mount", "-t", "ramfs", "ramfs", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("size", SIZES)
def test_every_size_is_written_whole(tmp_path: Path, size: int) -> None:
    """The end of a file that fits no block is written, too, and nothing behind it."""
    copied(tmp_path / "source", tmp_path / "target", size)


@pytest.mark.root
@pytest.mark.parametrize("size", SIZES)
def test_a_filesystem_without_direct_writes_is_written_all_the_same(ramfs: Path, tmp_path: Path, size: int) -> None:
    """Where the kernel answers EINVAL to O_DIRECT."""
    with pytest.raises(OSError, match="Invalid argument"):
        os.open(ramfs, os.O_TMPFILE | os.O_RDWR | os.O_DIRECT)
    copied(tmp_path / "source", ramfs / "target", size)


def test_what_the_disk_does_not_take_directly_it_takes_otherwise(tmp_path: Path) -> None:
    """As where its blocks are larger than ours, or memory is not aligned: EINVAL once, and it goes on."""
    content = os.urandom(3 * BLOCK + 1)
    with (tmp_path / "file").open("wb") as file:
        writing = Writing(file.fileno())
        for at in range(0, len(content), BLOCK):
            writing.write(memoryview(content)[at : at + BLOCK])
    assert (tmp_path / "file").read_bytes() == content


def test_a_copy_leaves_the_memory_to_others(tmp_path: Path) -> None:
    """Neither what was read nor what was written is in the page cache then."""
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(os.urandom(2 * BUFFER))
    os.sync()
    with source.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    copy(source, target, lambda count: None)
    assert (cached(source), cached(target)) == (0, 0)
    target.read_bytes()
    assert cached(target) == 2 * BUFFER


def cached(path: Path) -> int:
    """The bytes of a file that are in the page cache."""
    command = ["fincore", "--bytes", "--noheadings", "--output", "RES", str(path)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
