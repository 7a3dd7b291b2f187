"""EC2 instances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra import tags
from infra.account.access import Access, answered

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import FilterTypeDef, InstanceTypeDef

ALIVE = ("pending", "running", "stopping", "stopped")


@dataclass(frozen=True)
class Host:
    """An instance that is not terminated; ``why`` is EC2's reason for its last change of state.

    ``address`` is the public one, empty where it has none; ``root`` is the id of its system disk's volume.
    """

    id: str
    state: str
    why: str
    zone: str
    instance_type: str
    image: str
    address: str
    root: str
    tags: Mapping[str, str]

    @property
    def stopped(self) -> bool:
        """Whether somebody stopped it, or is about to."""
        return self.state in ("stopping", "stopped")


def with_tags(access: Access, wanted: Mapping[str, str]) -> list[Host]:
    """The instances that carry all of these tags."""
    return _asked(access, tags.filters(wanted))


def with_ids(access: Access, ids: tuple[str, ...]) -> list[Host]:
    """Those of these instances that are there."""
    return _asked(access, [{"Name": "instance-id", "Values": [*ids]}]) if ids else []


def _asked(access: Access, filters: list[FilterTypeDef]) -> list[Host]:
    alive: FilterTypeDef = {"Name": "instance-state-name", "Values": [*ALIVE]}
    with answered():
        pages = access.ec2.get_paginator("describe_instances").paginate(Filters=[*filters, alive])
        found = [one for page in pages for group in page["Reservations"] for one in group["Instances"]]
    return sorted(map(_host, found), key=lambda one: one.id)


def _host(told: InstanceTypeDef) -> Host:
    root = [one["Ebs"]["VolumeId"] for one in told.get("BlockDeviceMappings", []) if _is_root(one, told)]
    return Host(
        id=told["InstanceId"],
        state=told["State"]["Name"],
        why=told.get("StateTransitionReason") or told.get("StateReason", {}).get("Message", ""),
        zone=told["Placement"]["AvailabilityZone"],
        instance_type=told["InstanceType"],
        image=told["ImageId"],
        address=told.get("PublicIpAddress", ""),
        root=root[0] if root else "",
        tags=tags.values(told.get("Tags", [])),
    )


def _is_root(mapping: Mapping[str, object], told: InstanceTypeDef) -> bool:
    return mapping.get("DeviceName") == told.get("RootDeviceName")
