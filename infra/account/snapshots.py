"""EBS snapshots of this account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from infra import tags
from infra.account.access import Access, answered

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import SnapshotTypeDef

DAILY, VERIFIED, FINAL, OTHER = "daily", "verified", "final", "other"
"""The kinds: a policy's; ours, right after a green deep verify; ours, before a purge; anybody's."""

MINE = "self"
"""Snapshots that others share with this account are none of its own (EC2, DescribeSnapshots, OwnerIds)."""


@dataclass(frozen=True)
class Snapshot:
    """A snapshot; ``size`` is its volume's in GiB, what it costs AWS does not tell; ``state`` is EC2's word.

    ``progress`` is how much of it is copied, such as 42%.
    """

    id: str
    volume: str
    size: int
    started: datetime
    state: str
    tags: Mapping[str, str]
    progress: str = ""

    @property
    def completed(self) -> bool:
        """Whether a volume can be made of it for good."""
        return self.state == "completed"

    @property
    def kind(self) -> str:
        """One of the kinds above."""
        said = self.tags.get(tags.KIND, "")
        if said == VERIFIED and not self.tags.get(tags.SET_DIGEST):
            return OTHER
        return said if said in (DAILY, VERIFIED, FINAL) else OTHER

    @property
    def owner(self) -> str:
        """Who made its volume, or nothing."""
        return self.tags.get(tags.OWNER, "")


def with_tags(access: Access, wanted: Mapping[str, str]) -> list[Snapshot]:
    """This account's snapshots that carry all of these tags, newest first."""
    with answered():
        pages = access.ec2.get_paginator("describe_snapshots").paginate(OwnerIds=[MINE], Filters=tags.filters(wanted))
        found = [_snapshot(one) for page in pages for one in page["Snapshots"]]
    return sorted(found, key=lambda one: (one.started, one.id), reverse=True)


def with_id(access: Access, snapshot_id: str) -> Snapshot | None:
    """A snapshot that this account may use; None when there is none of that id."""
    found: list[SnapshotTypeDef] = []
    with answered("InvalidSnapshot.NotFound", "InvalidSnapshotID.Malformed", "InvalidParameterValue"):
        found = access.ec2.describe_snapshots(SnapshotIds=[snapshot_id])["Snapshots"]
    return next(map(_snapshot, found), None)


def own(access: Access, snapshot_id: str) -> Snapshot | None:
    """A snapshot that this account owns; None when there is none of that id."""
    found: list[SnapshotTypeDef] = []
    with answered("InvalidSnapshot.NotFound"):
        found = access.ec2.describe_snapshots(SnapshotIds=[snapshot_id], OwnerIds=[MINE])["Snapshots"]
    return next(map(_snapshot, found), None)


def _snapshot(told: SnapshotTypeDef) -> Snapshot:
    return Snapshot(
        id=told["SnapshotId"],
        volume=told["VolumeId"],
        size=told["VolumeSize"],
        started=told["StartTime"],
        state=told["State"],
        tags=tags.values(told.get("Tags", [])),
        progress=told.get("Progress", ""),
    )
