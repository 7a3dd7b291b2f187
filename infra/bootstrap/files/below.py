"""Make, write or set aside below the data root as root, on a volume that somebody else may have written.

Safety contract. Nothing is made, given away or replaced outside the folder that is named:
  1. no component of a path is ever a link that is followed: each is opened by its name in the folder opened before it
     (openat(2), O_NOFOLLOW), and what was opened is what is changed, whatever has its name a moment later;
  2. each folder on the way is root's and takes no writes of others, so that nobody else could have put it there since;
  3. what has a folder's name is a folder, or it is left alone;
  4. a file is written under a new name in its folder and renamed there: a link of its name is replaced, not followed;
  5. what is set aside gets another name in its folder, and what has that name already gets a number: nothing is lost.

Arguments: "file", the data root, the path below it, mode, owner and group as numbers, and the file's text; or
"folders", the data root, and the same four for each ("." is the root itself); or "aside", the data root, the path below
it, and the name that it gets. Exit code 1: it was refused, and why.
"""

from __future__ import annotations

import errno
import itertools
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
OTHERS = 0o022


class Refused(Exception):
    """It is not what may be changed."""


def opened(name: str, above: int | None, path: Path) -> int:
    """A folder's handle, by its name in the folder ``above``; ``path`` is for people."""
    try:
        return os.open(name, FOLDER, dir_fd=above)
    except OSError as error:
        if error.errno not in (errno.ENOTDIR, errno.ELOOP):
            raise
        raise Refused(f"{path} {_what(name, above)}: look at it, and take it away") from error


def _what(name: str, above: int | None) -> str:
    if stat.S_ISLNK(os.stat(name, dir_fd=above, follow_symlinks=False).st_mode):
        return f"is a link to {os.readlink(name, dir_fd=above)}, and none is followed"
    return "is no folder"


def entered(name: str, above: int | None, path: Path) -> int:
    """The same for a folder on the way, which must be root's alone."""
    handle = opened(name, above, path)
    found = os.fstat(handle)
    if found.st_uid or found.st_mode & OTHERS:
        owner, mode = found.st_uid, stat.S_IMODE(found.st_mode)
        raise Refused(f"{path} belongs to the number {owner} with mode {mode:o}: others could change what it holds")
    return handle


def way(root: Path, folders: tuple[str, ...]) -> int:
    """The handle of the last of these folders, each below the one before, from the data root on."""
    handle, path = entered(str(root), None, root), root
    for name in folders:
        path, above = path / name, handle
        handle = entered(name, above, path)
        os.close(above)
    return handle


def folder(root: Path, path: Path, mode: int, owner: int, group: int) -> None:
    """Make it, or give it its mode and owner; its parents are there."""
    handle = opened(str(root), None, root) if path == Path() else _made(root, path)
    os.fchown(handle, owner, group)
    os.fchmod(handle, mode)
    os.fsync(handle)
    os.close(handle)


def _made(root: Path, path: Path) -> int:
    above = way(root, path.parent.parts)
    if not _is_there(path.name, above):
        os.mkdir(path.name, 0o700, dir_fd=above)
        os.fsync(above)
    handle = opened(path.name, above, root / path)
    os.close(above)
    return handle


def _is_there(name: str, above: int) -> bool:
    try:
        os.stat(name, dir_fd=above, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def file(root: Path, path: Path, mode: int, owner: int, group: int, text: str) -> None:
    """Replace it whole."""
    above, temp = way(root, path.parent.parts), f".zagent-{path.name}.tmp"  # as `zagent doctor --fix` sweeps
    if _is_there(temp, above):
        os.unlink(temp, dir_fd=above)  # of a crash, or a link, which goes itself
    handle = os.open(temp, NEW, 0o600, dir_fd=above)
    with os.fdopen(handle, "wb") as new:
        new.write(text.encode())
        new.flush()
        os.fchown(handle, owner, group)
        os.fchmod(handle, mode)
        os.fsync(handle)
    os.rename(temp, path.name, src_dir_fd=above, dst_dir_fd=above)
    os.fsync(above)


def aside(root: Path, path: Path, name: str) -> None:
    """Give it another name, whatever it is; nothing where there is none."""
    above = way(root, path.parent.parts)
    if not _is_there(path.name, above):
        return
    if _is_there(name, above):
        free = next(one for one in map(f"{name}.{{}}".format, itertools.count(1)) if not _is_there(one, above))
        os.rename(name, free, src_dir_fd=above, dst_dir_fd=above)
    os.rename(path.name, name, src_dir_fd=above, dst_dir_fd=above)
    os.fsync(above)


def main(kind: str, root: str, *words: str) -> int:
    """Do it, with several in their order, or say why not."""
    if kind == "aside":
        return _tried(aside, Path(root), Path(words[0]), words[1])
    make = folder if kind == "folders" else file
    each = 4 if kind == "folders" else 5
    for at in range(0, len(words), each):
        path, mode, owner, group, *text = words[at : at + each]
        if failed := _tried(make, Path(root), Path(path), int(mode, 8), int(owner), int(group), *text):
            return failed
    return 0


def _tried(make: Callable[..., None], root: Path, path: Path, *traits: int | str) -> int:
    try:
        make(root, path, *traits)
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{Path(root, path)}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
