"""What an instance type is, and where it is to be had."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.account.access import Access, answered

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import InstanceTypeInfoTypeDef

ZONE = re.compile(r"[a-z]{2}(-[a-z]+)+-\d[a-z]")
"""The name of an availability zone: its region's and a letter; a local zone's has a city between them."""

WITHOUT_BF16 = ("K80", "M60", "K520", "V100", "T4", "T4g", "Radeon Pro V520")
"""Cards older than Ampere, as DescribeInstanceTypes names them: bfloat16 came with compute capability 8.0 (NVIDIA)."""


@dataclass(frozen=True)
class InstanceType:
    """A type: ``steady`` and ``burst`` are what it reads from EBS volumes, in MB/s; ``cards`` are its GPUs by name."""

    name: str
    vcpus: int
    steady: float
    burst: float
    cards: tuple[str, ...]

    @property
    def has_bf16(self) -> bool:
        """Whether every card computes in bfloat16."""
        return not set(self.cards) & set(WITHOUT_BF16)


def named(access: Access, name: str) -> InstanceType | None:
    """The type of that name; None when this region knows none."""
    found: list[InstanceTypeInfoTypeDef] = []
    with answered("InvalidInstanceType"):
        found = access.ec2.describe_instance_types(InstanceTypes=[name])["InstanceTypes"]  # type: ignore[list-item]
    return next(map(_type, found), None)


def zones_offering(access: Access, name: str) -> list[str]:
    """The availability zones that offer a type, by name; that is no promise of capacity.

    Local zones, which EC2 lists among them for accounts that opted in, are left out: they have disks of few types.
    """
    with answered():
        pages = access.ec2.get_paginator("describe_instance_type_offerings").paginate(
            LocationType="availability-zone", Filters=[{"Name": "instance-type", "Values": [name]}]
        )
        found = [one["Location"] for page in pages for one in page["InstanceTypeOfferings"]]
    return sorted(one for one in found if ZONE.fullmatch(one))


def _type(told: InstanceTypeInfoTypeDef) -> InstanceType:
    limits = told.get("EbsInfo", {}).get("EbsOptimizedInfo", {})
    return InstanceType(
        name=told["InstanceType"],
        vcpus=told["VCpuInfo"]["DefaultVCpus"],
        steady=limits.get("BaselineThroughputInMBps", 0.0),
        burst=limits.get("MaximumThroughputInMBps", 0.0),
        cards=tuple(one["Name"] for one in told.get("GpuInfo", {}).get("Gpus", [])),
    )
