"""Compare the packages on the volume with the list of what must be there. Nothing is written but the stamp.

Arguments: the list (see packing.py), the data root, and, where it is to be noted that all is right, the folder for a
file named as the runtime. Prints {"folder": …, "differing": [the first few, each with why]} as JSON; the exit code is 1
where something differs. Whoever runs it executes nothing of what it reads.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

SHOWN = 5
CHUNK = 1 << 20
FOLDER = "a folder with mode 755"


def differing(wanted: dict[str, Any], root: Path) -> list[str]:
    """Everything that is not as the list says; content is read only where all else is right."""
    folder = Path(wanted["folder"])
    try:
        open_to_others = list(_open_to_others(folder, root))
        return open_to_others or _by_status(wanted, folder) or _by_content(wanted, folder)
    except FileNotFoundError as error:
        return [f"{error.filename}: not there"]
    except OSError as error:
        return [f"{error.filename}: {error.strerror}"]


def _open_to_others(folder: Path, root: Path) -> Iterator[str]:
    """Folders on the way whose owner could put another in this one's place, the moment after the check."""
    for one in (folder, *folder.parents):
        status = one.lstat()
        if not stat.S_ISDIR(status.st_mode):
            yield f"{one}: no folder"
        elif status.st_uid or status.st_mode & 0o022:
            yield f"{one}: owner {status.st_uid}, mode {stat.S_IMODE(status.st_mode):o}"
        if one == root:
            return


def _by_status(wanted: dict[str, Any], folder: Path) -> list[str]:
    """What is too much, what is missing, and what has another kind, owner or mode."""
    expected = _expected(wanted)
    found = dict(_walk(folder))
    wrong = [f"{name}: not on the list" for name in found if name not in expected]
    wrong += [f"{name}: not there" for name in expected if name not in found]
    return wrong or [f"{name}: {kind}" for name, kind in found.items() if kind != expected[name]]


def _expected(wanted: dict[str, Any]) -> dict[str, str]:
    """Each name with what it must be; the folders are those that hold the rest."""
    links = {name: f"a link to {target}" for name, target in wanted["links"].items()}
    files = {name: f"a file with mode {mode}" for name, (mode, _) in wanted["files"].items()}
    folders = {str(one): FOLDER for name in (*links, *files) for one in Path(name).parents if one.name}
    return {**folders, **links, **files}


def _walk(folder: Path, below: str = "") -> Iterator[tuple[str, str]]:
    """Each name with what it is."""
    with os.scandir(folder) as entries:
        for entry in entries:
            status = entry.stat(follow_symlinks=False)
            yield below + entry.name, _kind(Path(entry.path), status)
            if stat.S_ISDIR(status.st_mode):
                yield from _walk(Path(entry.path), f"{below}{entry.name}/")


def _kind(path: Path, status: os.stat_result) -> str:
    if status.st_uid or status.st_gid:
        return f"owner {status.st_uid}:{status.st_gid}"
    if stat.S_ISLNK(status.st_mode):
        return f"a link to {path.readlink()}"
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFREG: "a file"}
    kind = kinds.get(stat.S_IFMT(status.st_mode), "neither file nor folder nor link")
    return f"{kind} with mode {stat.S_IMODE(status.st_mode):o}"


def _by_content(wanted: dict[str, Any], folder: Path) -> list[str]:
    def differs(name: str) -> bool:
        return bool(_sha256(folder / name) != wanted["files"][name][1])

    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        found = dict(pool.map(lambda name: (name, differs(name)), wanted["files"]))
    return [f"{name}: other content" for name in found if found[name]]


def _sha256(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb", buffering=0) as handle:
        while chunk := handle.read(CHUNK):
            found.update(chunk)
    return found.hexdigest()


def main(listing: str, root: str, stamps: str = "") -> int:
    """Compare, print, note."""
    wanted = json.loads(Path(listing).read_text())
    found = differing(wanted, Path(root))
    print(json.dumps({"folder": wanted["folder"], "differing": found[:SHOWN]}))
    if stamps and not found:
        (Path(stamps) / Path(wanted["folder"]).name).touch()
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
