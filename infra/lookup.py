"""What is asked of the cloud before anything is declared; each question blocks until it is answered.

The order is volume -> zone -> subnet -> instance and never the other way: a volume cannot leave its zone.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws

from infra.errors import ManyVolumes, TypeNotOffered, WrongZone
from infra.settings import Settings

IMAGE_PARAMETER = "/aws/service/deeplearning/ami/x86_64/oss-nvidia-driver-gpu-pytorch-2.12-ubuntu-24.04/latest/ami-id"
"""AWS's public parameter that names its current Ubuntu image with the NVIDIA driver and PyTorch (in /opt/pytorch)."""


@dataclass(frozen=True)
class Found:
    """A data volume that is there already."""

    volume_id: str
    zone: str


def data_volume(settings: Settings) -> Found | None:
    """The stack's living data volume, by its tags; None when there is none yet.

    Raises:
        ManyVolumes: more than one, and nothing tells which is meant.
    """
    ids = _volumes(settings)
    if not ids:
        return None
    if len(ids) > 1:
        raise ManyVolumes(project=settings.project, stack=settings.stack, volumes=", ".join(sorted(ids)))
    volume = aws.ebs.get_volume(filters=[{"name": "volume-id", "values": ids}])
    return Found(ids[0], volume.availability_zone)


def _volumes(settings: Settings) -> list[str]:
    living = aws.ebs.GetEbsVolumesFilterArgs(name="status", values=["creating", "available", "in-use"])
    try:
        return list(aws.ebs.get_ebs_volumes(tags=settings.own_tags, filters=[living]).ids)
    except Exception as error:
        if "no matching EBS Volume found" in str(error):  # how the provider of pulumi_aws 7 says none; 5.100 lists none
            return []
        raise


def zone(settings: Settings, found: Found | None) -> str:
    """The availability zone of everything: the found volume's, else the configured one, else the first that will do.

    Raises:
        WrongZone: the configuration names another zone than the volume's.
        TypeNotOffered: the instance type is not to be had in that zone, or in none.
    """
    if found and settings.availability_zone not in ("", found.zone):
        raise WrongZone(volume=found.volume_id, zone=found.zone, wanted=settings.availability_zone)
    wanted = found.zone if found else settings.availability_zone
    offered = _zones_with(settings.instance_type)
    if wanted in offered or (offered and not wanted):
        return wanted or offered[0]
    raise TypeNotOffered(instance_type=settings.instance_type, where=wanted or "this region")


def _zones_with(instance_type: str) -> list[str]:
    offerings = aws.ec2.get_instance_type_offerings(
        location_type="availability-zone", filters=[{"name": "instance-type", "values": [instance_type]}]
    )
    return sorted(offerings.locations)


def image(settings: Settings) -> str:
    """The id of the host's image: the configured one, else AWS's current image with PyTorch."""
    return settings.ami_id or aws.ssm.get_parameter(name=IMAGE_PARAMETER).value
