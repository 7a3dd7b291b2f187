"""Moto's table of instance types, where a program relies on it: GPUs, and how fast a volume can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

# GPUs, their model, and EBS bandwidth in Mbit/s, baseline and maximum (EC2 documentation, accelerated computing).
KNOWN = {
    "g4dn.xlarge": (1, "T4", 950, 3500),
    "g5.xlarge": (1, "A10G", 700, 3500),
    "g5.12xlarge": (4, "A10G", 16000, 16000),
    "g6.xlarge": (1, "L4", 1000, 5000),
    "g6e.xlarge": (1, "L40S", 1000, 5000),
    "g6e.2xlarge": (1, "L40S", 2000, 5000),
    "g6e.12xlarge": (4, "L40S", 20000, 20000),
    "p4d.24xlarge": (8, "A100", 19000, 19000),
    "p5.48xlarge": (8, "H100", 80000, 80000),
}


@pytest.mark.parametrize("name", KNOWN)
def test_a_type_has_its_gpus_and_its_ebs_limits(ec2: EC2Client, name: str) -> None:
    """The throughput in MB/s is an eighth of the bandwidth."""
    [found] = ec2.describe_instance_types(InstanceTypes=[name])["InstanceTypes"]  # type: ignore[list-item]
    [gpus] = found["GpuInfo"]["Gpus"]
    ebs = found["EbsInfo"]["EbsOptimizedInfo"]
    limits = ebs["BaselineBandwidthInMbps"], ebs["MaximumBandwidthInMbps"]
    assert (gpus["Count"], gpus["Name"], *limits) == KNOWN[name]
    assert (ebs["BaselineThroughputInMBps"], ebs["MaximumThroughputInMBps"]) == tuple(one / 8 for one in limits)
    assert ebs["MaximumIops"] >= 15000
    assert found["EbsInfo"]["EbsOptimizedSupport"] == "default"


def test_zones_differ_in_what_they_offer(ec2: EC2Client) -> None:
    """A program that looks for a zone must ask for its own type: no zone's list holds for all types."""

    def zones(name: str) -> set[str]:
        named = [{"Name": "instance-type", "Values": [name]}]
        found = ec2.describe_instance_type_offerings(LocationType="availability-zone", Filters=named)  # type: ignore[arg-type]
        return {one["Location"] for one in found["InstanceTypeOfferings"]}

    assert zones("g6e.xlarge") < zones("g6.xlarge")
    assert zones("g6e.xlarge")
