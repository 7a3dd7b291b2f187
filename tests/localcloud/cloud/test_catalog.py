"""What a program looks up before it declares anything."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from tests.localcloud.cloud.ec2.image import PARAMETER
from tests.localcloud.cloud.machines import free_address

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ssm import SSMClient


def test_the_public_parameter_names_the_image(ec2: EC2Client, ssm: SSMClient) -> None:
    """The parameter of AWS's GPU image leads to an image of Amazon's with the root device that AWS's has."""
    ami = ssm.get_parameter(Name=PARAMETER)["Parameter"]["Value"]
    [image] = ec2.describe_images(ImageIds=[ami], Owners=["amazon"])["Images"]
    assert (image["Architecture"], image["VirtualizationType"], image["RootDeviceName"]) == (
        "x86_64",
        "hvm",
        "/dev/sda1",
    )
    assert [one["Ebs"]["VolumeSize"] for one in image["BlockDeviceMappings"]] == [75]


def test_the_gpu_instance_type_is_offered_in_zones(ec2: EC2Client) -> None:
    """DescribeInstanceTypeOfferings has g6e.xlarge in more than one zone, but not in all."""
    offered = ec2.describe_instance_type_offerings(
        LocationType="availability-zone", Filters=[{"Name": "instance-type", "Values": ["g6e.xlarge"]}]
    )
    zones = {one["Location"] for one in offered["InstanceTypeOfferings"]}
    every = {one["ZoneName"] for one in ec2.describe_availability_zones()["AvailabilityZones"]}
    assert {"us-east-1a", "us-east-1b"} <= zones < every


@pytest.mark.root
def test_an_address_whose_port_is_taken_is_passed_over() -> None:
    """The first free one, neither a machine's nor one where somebody else answers SSH."""
    first = free_address([])
    with socket.create_server((first, 22)):
        second = free_address([])
        assert second != first
        assert free_address([second]) not in {first, second}
