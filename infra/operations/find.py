"""Find a stack's host by asking the cloud, with no Pulumi state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra import tags
from infra.bootstrap.ec2 import ec2
from infra.errors import DiskMissing, ManyVolumes, NoHost
from infra.settings import Settings

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import FilterTypeDef, InstanceTypeDef


@dataclass(frozen=True)
class Found:
    """A running host: where it is, the host key it must show, the data volume attached to it."""

    address: str
    host_key: str
    volume_id: str


def host(settings: Settings) -> Found:
    """The running host of a stack and the data volume attached to it, by their tags.

    Raises:
        NoHost: none runs, or more than one.
        DiskMissing, ManyVolumes: not exactly one of the stack's volumes is attached to it.
        CloudRefused: AWS does not answer.
    """
    ours: list[FilterTypeDef] = [
        {"Name": f"tag:{name}", "Values": [value]} for name, value in settings.own_tags.items()
    ]
    with ec2(settings.region) as client:
        instance = _instance(client, ours, settings)
        attached: FilterTypeDef = {"Name": "attachment.instance-id", "Values": [instance["InstanceId"]]}
        volumes = [one["VolumeId"] for one in client.describe_volumes(Filters=[*ours, attached])["Volumes"]]
    if len(volumes) > 1:
        raise ManyVolumes(project=settings.project, stack=settings.stack, volumes=", ".join(sorted(volumes)))
    if not volumes:
        serial = f"of a volume of {settings.project}/{settings.stack}"
        raise DiskMissing(address=instance["InstanceId"], serial=serial, disks="none that carries its tags")
    return Found(_address(instance), tags.values(instance.get("Tags", [])).get(tags.HOST_KEY, ""), volumes[0])


def _instance(client: EC2Client, ours: list[FilterTypeDef], settings: Settings) -> InstanceTypeDef:
    running: FilterTypeDef = {"Name": "instance-state-name", "Values": ["running"]}
    pages = client.get_paginator("describe_instances").paginate(Filters=[*ours, running])
    found = [one for page in pages for group in page["Reservations"] for one in group["Instances"]]
    if len(found) != 1:
        raise NoHost(project=settings.project, stack=settings.stack)
    return found[0]


def _address(instance: InstanceTypeDef) -> str:
    return instance.get("PublicIpAddress") or instance["PrivateIpAddress"]
