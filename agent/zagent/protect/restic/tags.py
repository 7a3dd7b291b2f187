"""What zagent writes on a snapshot, so that a list of snapshots tells what each holds. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from zagent.protect.contents import Contents
from zagent.protect.restic.retention import Snapshot

_SET, _SEEN, _SIZE = "set=", "seen=", "bytes="


def of(what: Contents) -> list[str]:
    """The tags of what is about to be stored: a set digest for each model, all bytes, and how the files looked."""
    sets = [f"{_SET}{one.manifest.model}@{one.manifest.revision}={one.manifest.set_digest}" for one in what.weights]
    return [*sets, f"{_SIZE}{sum(one.manifest.size for one in what.weights)}", f"{_SEEN}{_seen(what)}"]


def _seen(what: Contents) -> str:
    """A digest of names, sizes, times of change and inodes: what restic itself goes by to leave a file unread."""
    found = hashlib.sha256()
    for one in what.weights:
        for file in one.manifest.files:
            found.update(f"{file.path} {_look(one.folder / file.path)}\n".encode())
    return found.hexdigest()[:16]


def _look(path: Path) -> str:
    try:
        stat = path.stat()
    except OSError as error:
        return str(error.errno)
    return f"{stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns} {stat.st_ino}"


def sets(snapshot: Snapshot) -> dict[str, str]:
    """The set digest of each model in a snapshot, in the command line's words."""
    found = (one.removeprefix(_SET).rpartition("=") for one in sorted(snapshot.tags) if one.startswith(_SET))
    return {_words(name): digest for name, _, digest in found}


def _words(name: str) -> str:
    model, _, revision = name.rpartition("@")
    return model if revision == "master" else f"{model} --revision {revision}"


def size(snapshot: Snapshot) -> int:
    """The bytes of its weights; 0 where it does not say."""
    found = [one.removeprefix(_SIZE) for one in snapshot.tags if one.startswith(_SIZE)]
    return int(found[0]) if found and found[0].isdigit() else 0


def same(snapshot: Snapshot | None, tags: Iterable[str]) -> bool:
    """Whether a snapshot carries all of these tags."""
    return snapshot is not None and set(tags) <= snapshot.tags
