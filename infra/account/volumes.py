"""EBS volumes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra import tags
from infra.account.access import Access, answered

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import FilterTypeDef, VolumeTypeDef

LIVING = ("creating", "available", "in-use")


@dataclass(frozen=True)
class Volume:
    """A volume: size in GiB, throughput in MiB/s (0 where its type has none to set)."""

    id: str
    zone: str
    size: int
    kind: str
    iops: int
    throughput: int
    encrypted: bool
    key: str
    snapshot: str
    attached_to: tuple[str, ...]
    tags: Mapping[str, str]

    @property
    def stack(self) -> str:
        """PROJECT/STACK that it belongs to by its tags, or nothing."""
        return "/".join(filter(None, (self.tags.get(tags.PROJECT), self.tags.get(tags.STACK))))

    @property
    def owner(self) -> str:
        """Who made it, or nothing."""
        return self.tags.get(tags.OWNER, "")


def with_tags(access: Access, wanted: Mapping[str, str]) -> list[Volume]:
    """The living volumes that carry all of these tags, by id."""
    return _asked(access, tags.filters(wanted))


def with_id(access: Access, volume_id: str) -> Volume | None:
    """A living volume; None when there is none of that id."""
    found: list[VolumeTypeDef] = []
    with answered("InvalidVolume.NotFound", "InvalidVolumeID.Malformed"):
        found = access.ec2.describe_volumes(VolumeIds=[volume_id])["Volumes"]
    return next((_volume(one) for one in found if one["State"] in LIVING), None)


def _asked(access: Access, filters: list[FilterTypeDef]) -> list[Volume]:
    living: FilterTypeDef = {"Name": "status", "Values": [*LIVING]}
    with answered():
        pages = access.ec2.get_paginator("describe_volumes").paginate(Filters=[*filters, living])
        found = [_volume(one) for page in pages for one in page["Volumes"]]
    return sorted(found, key=lambda one: one.id)


def _volume(told: VolumeTypeDef) -> Volume:
    return Volume(
        id=told["VolumeId"],
        zone=told["AvailabilityZone"],
        size=told["Size"],
        kind=told["VolumeType"],
        iops=told.get("Iops", 0),
        throughput=told.get("Throughput", 0),
        encrypted=told["Encrypted"],
        key=told.get("KmsKeyId", ""),
        snapshot=told.get("SnapshotId", ""),
        attached_to=tuple(_holders(told)),
        tags=tags.values(told.get("Tags", [])),
    )


def _holders(told: VolumeTypeDef) -> Iterator[str]:
    for one in told.get("Attachments", []):
        if one.get("State") != "detached" and "InstanceId" in one:
            yield one["InstanceId"]
