"""``zagent cloud snapshot ls``: the snapshots of a stack, of its data volumes and of its system disk."""

from __future__ import annotations

from dataclasses import dataclass

from infra.account.policies import MADE_BY
from infra.account.snapshots import Snapshot
from infra.operations.prunable import There
from infra.operations.prune import of_status
from infra.operations.status import Status, look
from infra.settings import Settings

ROOT = "root"
"""The kind of a system disk's, whoever took it."""


@dataclass(frozen=True)
class Listed:
    """A snapshot as a person is told of it; ``notes`` say what is unusual about it."""

    snapshot: Snapshot
    kind: str
    left_behind: bool = False
    notes: tuple[str, ...] = ()


def of_stack(settings: Settings) -> list[Listed]:
    """This account's, the data volumes' first, each newest first.

    Raises:
        CloudRefused: AWS does not answer.
    """
    status = look(settings)
    left_behind = status.left_behind
    data = [_data(status, one, one in left_behind) for one in status.snapshots]
    there = of_status(status)
    return [*data, *(_root(there, one) for one in there.roots)]


def _data(status: Status, one: Snapshot, left_behind: bool) -> Listed:
    notes = []
    if left_behind:
        living = one.volume in [volume.id for volume in status.volumes]
        notes.append("by an earlier policy" if living else "of an earlier volume")
    if one.owner != status.you:
        notes.append(f"of {one.owner}" if one.owner else "of nobody knows whom")
    return Listed(one, one.kind, left_behind, tuple(notes))


def _root(there: There, one: Snapshot) -> Listed:
    if MADE_BY not in one.tags or there.counted(one):
        return Listed(one, ROOT)
    earlier_disk = one.tags[MADE_BY] in there.policies
    return Listed(one, ROOT, True, ("of an earlier disk" if earlier_disk else "by an earlier policy",))
