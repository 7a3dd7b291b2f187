"""Of which volumes a volume was made, by way of snapshots, as far as AWS and the tags of restores still tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from infra import tags
from infra.account import snapshots, volumes
from infra.account.access import Access
from infra.account.snapshots import Snapshot

GENERATIONS = 8
"""How far the volumes are followed: each that was ever used stands in the marker itself."""

NO_VOLUME = "vol-ffffffff"
"""What EC2 says a copied snapshot was taken of: an arbitrary id (EC2, CopySnapshot)."""


def noted(source: Snapshot) -> str:
    """What a volume that is made of this snapshot has in its tag, for the snapshot may be deleted. Pure."""
    return f"{source.id} of {source.volume}"


def parse(own: Mapping[str, str]) -> tuple[str, str]:
    """The snapshot and its volume by the tag; both empty where there is none that a restore wrote. Pure."""
    found = re.fullmatch(r"(snap-[0-9a-f]+) of (vol-[0-9a-f]+)", own.get(tags.MADE_OF, ""))
    return (found[1], found[2]) if found else ("", "")


def is_of(access: Access, snapshot_id: str, owner: str) -> bool:
    """Whether the snapshot, or else the volume that it was taken of, has this owner's tag.

    Of one that is gone nothing tells it, nor of one that another account shares: its tags don't show (EC2).

    Raises:
        CloudRefused: AWS does not answer.
    """
    snapshot = snapshots.with_id(access, snapshot_id)
    if snapshot is None or snapshot.owner:
        return bool(snapshot and snapshot.owner == owner)
    volume = volumes.with_id(access, snapshot.volume)
    return bool(volume and volume.owner == owner)


def ancestors(access: Access, snapshot_id: str, own: Mapping[str, str]) -> Iterator[str]:
    """The ids of the volumes that one goes back to which was made of a snapshot and has these tags; nearest first.

    A tag counts that names the very snapshot; where there is none, AWS is asked while it still knows the snapshot. Of
    a volume that is gone, the snapshot has the tags.

    Raises:
        CloudRefused: AWS does not answer.
    """
    for _ in range(GENERATIONS):
        snapshot = snapshots.with_id(access, snapshot_id) if snapshot_id else None
        parent = _parent(snapshot_id, own, snapshot)
        if not parent:
            return
        yield parent
        volume = volumes.with_id(access, parent)
        own = volume.tags if volume else snapshot.tags if snapshot else {}
        snapshot_id = volume.snapshot if volume else parse(own)[0]


def _parent(snapshot_id: str, own: Mapping[str, str], snapshot: Snapshot | None) -> str:
    of, volume = parse(own)
    if volume and of == snapshot_id:
        return volume
    return snapshot.volume if snapshot and snapshot.volume != NO_VOLUME else ""
