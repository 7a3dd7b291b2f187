"""Volumes, snapshots, hosts and instance types as AWS might tell of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from infra import tags
from infra.account.hosts import Host
from infra.account.snapshots import Snapshot
from infra.account.types import InstanceType
from infra.account.volumes import Volume

YOU, OTHER = "arn:aws:iam::123456789012:user/you", "arn:aws:iam::123456789012:user/other"
OWN = {tags.PROJECT: "zagent", tags.STACK: "dev"}
MIDNIGHT = datetime(2026, 9, 20, tzinfo=timezone.utc)

LIVING = Volume(
    id="vol-1",
    zone="us-east-1a",
    size=100,
    kind="gp3",
    iops=3000,
    throughput=500,
    encrypted=True,
    key="arn:aws:kms:us-east-1:123456789012:key/one",
    snapshot="",
    attached_to=(),
    tags={**OWN, tags.OWNER: YOU},
)
BIG = InstanceType("g6e.xlarge", 4, 125.0, 2500.0, ("L40S",))


def volume(**changed: object) -> Volume:
    """The stack's living volume, with changes."""
    return replace(LIVING, **changed)  # type: ignore[arg-type]


def owned(owner: str) -> Volume:
    """The stack's living volume as somebody made it; nobody knows who, if empty."""
    return volume(tags={**OWN, tags.OWNER: owner} if owner else OWN)


def snapshot(
    number: int = 1, volume: str = "vol-1", owner: str = YOU, kind: str = "daily", state: str = "completed"
) -> Snapshot:
    """The stack's snapshot of that number; a higher one is older."""
    said = {**OWN, tags.KIND: kind, **({tags.OWNER: owner} if owner else {})}
    return Snapshot(f"snap-{number}", volume, 100, MIDNIGHT - timedelta(days=number), state, said)


def host(name: str, **carried: str) -> Host:
    """A running host with these tags."""
    return Host(name, "running", "", "us-east-1a", "g6e.xlarge", "ami-1", "", "", carried)
