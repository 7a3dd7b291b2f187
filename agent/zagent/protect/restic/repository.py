"""What zagent asks of a restic repository."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from zagent import text
from zagent.errors import DestinationMissing, ResticFailed, ResticUnavailable, SourceUnreadable
from zagent.protect.restic import binary
from zagent.protect.restic.retention import Snapshot
from zagent.protect.restic.run import Message, Restic, unread

OURS = "zagent"
"""The tag of every snapshot that zagent made."""

MODERN = ("--repository-version", "2")
STORED = ("--compression", "off", "--pack-size", "64")
"""Weights hardly compress (a hundredth, at a fifth of the speed), and large packs suit large files."""

DAMAGED = ("repository contains errors", "LoadIndex returned errors")
"""What a check says last where it was read, and is damaged; 0.14 has words of its own for an index."""

_PACK = re.compile(r"\b(?:pack|want) ([0-9a-f]{64})\b")
"""A bad pack, in what any version says of it; ids of what it holds, or of what it would be now, stand beside it."""


@dataclass(frozen=True)
class Stored:
    """A snapshot just made: its id, the bytes that it added, the files that were read, new or changed, and ``unread``.

    Those are what could not be read and is missing in it.
    """

    id: str
    added: int
    read: tuple[str, ...]
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class Node:
    """Something in a snapshot, by its path there; ``kind`` in restic's words, such as ``file`` and ``dir``."""

    path: str
    kind: str
    size: int = 0


def exists(restic: Restic) -> bool:
    """Whether there is a repository that opens.

    Raises:
        WrongPassword, RepositoryLocked, ResticFailed: there is one that does not.
    """
    try:
        restic.run("cat", "config")
    except DestinationMissing:
        return False
    return True


def init(restic: Restic) -> None:
    """Make the repository."""
    restic.run("init", *MODERN)


def is_new(restic: Restic) -> bool:
    """Whether it is a folder here that has no snapshot yet; it need not be opened to tell.

    Source: restic's design document, "Repository Layout". Opening takes half a second, on purpose.
    """
    folder = Path(restic.address) / "snapshots"
    try:
        return folder.is_absolute() and not any(folder.iterdir())
    except OSError:
        return False


def snapshots(restic: Restic) -> list[Snapshot]:
    """Those that zagent made, oldest first."""
    found = restic.run("snapshots", "--tag", OURS, "--no-lock")
    return sorted(snapshot(one) for one in found if "id" in one)


def snapshot(told: Message) -> Snapshot:
    """What restic tells of one. Pure."""
    tags, paths = frozenset(told.get("tags") or ()), tuple(told.get("paths") or ())
    return Snapshot(moment(told["time"]), told["id"], told.get("hostname", ""), tags, paths)


def moment(told: str) -> datetime:
    """A time as Go prints it: to nanoseconds without zeros at the end, of which Python 3.10 takes six digits. Pure."""
    micros = re.sub(r"\.(\d+)", lambda found: f".{found[1][:6]:0<6}", told)
    return datetime.fromisoformat(micros.replace("Z", "+00:00"))


def backup(
    restic: Restic,
    paths: Iterable[Path],
    host: str,
    tags: Iterable[str],
    parent: str,
    on_message: Callable[[Message], None],
    *,
    force: bool = False,
) -> Stored:
    """Store files and folders; what is as it was in the snapshot ``parent`` is not read, unless with ``force``."""
    read: list[str] = []
    made: list[Message] = []
    left_out: list[str] = []

    def hears(one: Message) -> None:
        if one.get("message_type") == "verbose_status" and one.get("action") in ("new", "modified"):
            read.append(str(one["item"]))
        if one.get("message_type") == "summary":
            made.append(one)
        on_message(one)

    since = ["--force"] if force else ["--parent", parent] if parent else []
    words = [*since, "--host", host, *(word for tag in (OURS, *tags) for word in ("--tag", tag))]
    try:
        restic.run("backup", "--verbose=2", *STORED, *words, *map(str, paths), on_message=hears)
    except SourceUnreadable as error:
        left_out = unread(str(error.facts["said"])) or [str(error.facts["why"])]
    if not made:
        raise ResticFailed(command="backup", address=restic.address, why="it says nothing of a snapshot")
    return Stored(made[-1]["snapshot_id"], made[-1]["data_added"], tuple(read), tuple(left_out))


def retag(restic: Restic, id_: str, tags: Iterable[str]) -> None:
    """Give a snapshot other tags; it has another id then."""
    restic.run("tag", *(word for tag in (OURS, *tags) for word in ("--set", tag)), id_)


def forget(restic: Restic, ids: Sequence[str]) -> None:
    """Take snapshots out of the list; their bytes stay until ``prune``.

    Safety contract: only ids that the caller chose one by one; never by a policy of restic's.
    """
    if ids:
        restic.run("forget", *ids)


def prune(restic: Restic) -> None:
    """Free the bytes that no snapshot needs; what a dead restic locked is unlocked before."""
    restic.run("prune")


def unlock(restic: Restic) -> None:
    """Take away the locks of dead processes; those of living ones stay (restic tells them by pid and age)."""
    restic.run("unlock")


def check(restic: Restic, subset: str, *, locked: bool) -> list[str]:
    """Read back a part, as ``3/7`` or ``100%``; the packs that are bad, or what was said if none are named.

    A repository that takes no writes can't be ``locked``.

    Raises:
        DestinationMissing, RepositoryLocked, WrongPassword, ResticFailed: it could not be read to the end, so
            nothing follows of what it holds.
    """
    try:
        restic.run("check", "--read-data-subset", subset, *([] if locked else ["--no-lock"]))
    except ResticFailed as error:
        if not any(one in error.message for one in DAMAGED):
            raise
        return sorted(set(_PACK.findall(str(error.facts.get("said"))))) or [str(error.facts["why"])]
    return []


def repair(restic: Restic, packs: Sequence[str]) -> None:
    """Take packs that are gone or bad out of the index, so that what they held is stored again by the next full read.

    What restic can still read of a bad one it stores anew; then the pack goes.

    Raises:
        ResticFailed: among others where a pack is bad, restic is older than 0.16 and so knows no way, and no newer one
            can be had.
    """
    restic.run("rebuild-index")  # what `repair index` was called before 0.16; newer ones know both names
    there = restic.read("list", "packs").decode().split()
    if bad := [one for one in packs if one in there]:
        with tempfile.TemporaryDirectory() as folder:  # for the copies of them that restic leaves where it runs
            _repair(restic, bad, Path(folder))


def _repair(restic: Restic, bad: Sequence[str], folder: Path) -> None:
    try:
        restic.run("repair", "packs", *bad, folder=folder)
    except ResticFailed as error:
        if "unknown command" not in error.message:
            raise
        _newer(restic, len(bad)).run("repair", "packs", *bad, folder=folder)


def _newer(restic: Restic, bad: int) -> Restic:
    """The same repository, with the release that zagent fetches where there is no restic; only for what needs it."""
    try:
        return replace(restic, program=binary.pinned().path)
    except (ResticUnavailable, OSError) as error:
        why = f"{text.plural(bad, 'bad pack')} can be mended by restic 0.16 or newer, and {restic.program} is older"
        raise ResticFailed(command="repair packs", address=restic.address, why=why) from error


def nodes(restic: Restic, id_: str) -> list[Node]:
    """Everything in a snapshot."""
    found = restic.run("ls", id_, "--no-lock")
    return [Node(one["path"], one["type"], one.get("size", 0)) for one in found if "path" in one]


def restore(
    restic: Restic, id_: str, target: Path, paths: Iterable[str], on_message: Callable[[Message], None]
) -> None:
    """Bring paths of a snapshot back below ``target``, under their whole paths."""
    include = [word for path in paths for word in ("--include", path)]
    restic.run("restore", id_, "--no-lock", "--target", str(target), *include, on_message=on_message)
