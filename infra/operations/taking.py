"""A snapshot taken by hand, waited for until it can be relied on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from infra import tags
from infra.account import snapshots
from infra.account.access import Access, answered
from infra.account.snapshots import Snapshot
from infra.account.volumes import Volume
from infra.errors import SnapshotFailed

PAUSE = 5
"""Seconds between two looks."""

PATIENCE = 6 * 3600.0
"""Seconds for a snapshot: the first of a volume copies all of it, at a speed that AWS does not promise."""

MISSES = 12
"""Looks that may find none: AWS shows a new snapshot only after a moment."""

Say = Callable[[str], None]


def take(access: Access, volume: Volume, own: Mapping[str, str], say: Say) -> Snapshot:
    """Snapshot a volume that nothing writes to, with these tags; returns when it is completed.

    Raises:
        SnapshotFailed: it is not, and never will be.
        CloudRefused: AWS does not answer, or refuses.
    """
    made = begin(access, volume, own)
    say(f"{made}: a snapshot of {volume.id}, {volume.size} GiB; this takes minutes")
    return completed(access, volume.id, made, say)


def begin(access: Access, volume: Volume, own: Mapping[str, str]) -> str:
    """Begin a snapshot with these tags; its id. It holds what the volume held at this moment (EC2, CreateSnapshot).

    Raises:
        CloudRefused: AWS does not answer, or refuses.
    """
    with answered():
        return access.ec2.create_snapshot(
            VolumeId=volume.id,
            Description=f"zagent: {volume.id}",
            TagSpecifications=[{"ResourceType": "snapshot", "Tags": tags.listed(tags.settable(own))}],
        )["SnapshotId"]


def completed(access: Access, volume_id: str, snapshot_id: str, say: Say) -> Snapshot:
    """Wait until a snapshot is completed.

    Raises:
        SnapshotFailed: it ended otherwise, or did not end in time.
    """
    until, told, misses = time.monotonic() + PATIENCE, "", 0
    while time.monotonic() < until:
        found = snapshots.with_id(access, snapshot_id)
        misses = 0 if found else misses + 1
        if misses > MISSES:
            raise SnapshotFailed(snapshot=snapshot_id, volume=volume_id, how="is not there any more")
        if found and found.completed:
            return found
        if found and found.state == "error":
            raise SnapshotFailed(snapshot=snapshot_id, volume=volume_id, how="ended in an error")
        if found and found.progress != told:
            told = found.progress
            say(f"{snapshot_id}: {told or found.state}")
        time.sleep(PAUSE)
    raise SnapshotFailed(snapshot=snapshot_id, volume=volume_id, how=f"is not completed after {PATIENCE / 3600:.0f} h")
