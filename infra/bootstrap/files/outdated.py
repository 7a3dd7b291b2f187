"""Which of the agent's folders do processes of this machine run from, and remove those that are outdated.

Argument: JSON with ``launcher`` (the command zagent) and ``folders`` (those that hold the agent's). The keys of the
folders in use are printed as a JSON list. With ``remove`` (paths), ``keep`` (paths) and ``stamp`` (the file that says
that what is kept was checked) those paths are removed; a line is printed for each that has come into use since.
"""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

OURS = re.compile(r"(\.old-)?(rescue-|compiled-)?(?P<key>[0-9a-f]{16})")
"""The names that zagent gives, and no others; the key is that of what was made, in the rest of its names, too."""

SHELL = re.compile(r"(.*/)?(sh|dash|bash)")


class Refused(Exception):
    """It is not what may be removed."""


def key(path: Path) -> str:
    """Of a folder of ours; empty for any other name."""
    found = OURS.fullmatch(path.name)
    return found["key"] if found else ""


def used(keys: set[str], launcher: str) -> set[str]:
    """Those that a process names or has in its memory, wherever it sees them; all, while one is about to decide.

    What a process was started with names its interpreter and the agent's code; what it has loaded names the packages,
    also of one in a container, or with another title. The shell of the launcher has read which it will run, and waits.
    """
    found: set[str] = set()
    for words, text in processes():
        if len(words) > 1 and SHELL.fullmatch(words[0]) and words[1] == launcher:
            return keys
        found |= {one for one in keys if one in text}
    return found


def processes() -> Iterator[tuple[list[str], str]]:
    """The words of each process, and with them the names of the files in its memory; not of those that ask."""
    asking = set(ancestors())
    for one in Path("/proc").iterdir():
        if one.name.isdecimal() and int(one.name) not in asking:
            with suppress(FileNotFoundError, ProcessLookupError):
                line = (one / "cmdline").read_text(errors="replace")
                yield line.split("\0"), line + (one / "maps").read_text(errors="replace")


def ancestors() -> Iterator[int]:
    """This process and all above it: their words name whatever they ask for."""
    one = os.getpid()
    while one:
        yield one
        one = int(Path("/proc", str(one), "stat").read_text().rpartition(")")[2].split()[1])


def remove(paths: Iterable[Path], asked: dict[str, Any]) -> None:
    """Remove each, unless a process runs from it.

    Safety contract. A folder is deleted only when ALL of this holds:
      1. its name is one that only zagent gives, and it lies in one of zagent's two folders (require_ours);
      2. it is none of those that are kept, and all that are kept are there (require_kept);
      3. what is kept was checked since the volume was mounted: the stamp is there (require_kept);
      4. its way there has no link, and is root's: nobody else could have put another folder there (require_roots);
      5. no process runs from it, neither before nor after it lost its name; what has come into use gets it back.
    rm follows no link below it, and leaves no filesystem.
    """
    require_kept(list(map(Path, asked["keep"])), asked["stamp"])
    for path in paths:
        require_ours(path, asked)
        require_roots(path.parent)
        aside = path if path.name.startswith(".old-") else path.with_name(f".old-{path.name}")
        if _is_used(path, asked):
            continue
        path.rename(aside)
        if _is_used(path, asked):
            aside.rename(path)
            continue
        subprocess.run(["rm", "-rf", "--one-file-system", "--", str(aside)], check=True)


def _is_used(path: Path, asked: dict[str, Any]) -> bool:
    found = bool(used({key(path)}, asked["launcher"]))
    if found:
        print(f"{path} stays for now: a process runs from it", flush=True)
    return found


def require_ours(path: Path, asked: dict[str, Any]) -> None:
    """Clause 1, and the first half of 2."""
    if not key(path) or str(path.parent) not in asked["folders"]:
        raise Refused(f"{path} is not zagent's to remove")
    if str(path) in asked["keep"]:
        raise Refused(f"{path} is in use from now on")


def require_kept(keep: list[Path], stamp: str) -> None:
    """Clause 3, and the second half of 2."""
    for one in (*keep, Path(stamp)):
        if not one.exists():
            raise Refused(f"{one} is not there, so that what is older is still needed")


def require_roots(folder: Path) -> None:
    """Clause 4."""
    for one in (folder, *folder.parents):
        status = one.lstat()
        if not stat.S_ISDIR(status.st_mode):
            raise Refused(f"{one} is no folder")
        if status.st_uid or (status.st_mode & 0o022 and not status.st_mode & stat.S_ISVTX):
            raise Refused(f"{one} could be changed by others than root")


def main(asked: dict[str, Any]) -> int:
    """Look, or remove."""
    if "remove" not in asked:
        there = {key(one) for folder in asked["folders"] if Path(folder).is_dir() for one in Path(folder).iterdir()}
        print(json.dumps(sorted(used(there - {""}, asked["launcher"]))))
        return 0
    try:
        remove(map(Path, asked["remove"]), asked)
    except (Refused, OSError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
