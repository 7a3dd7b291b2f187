"""The security groups of instances: those of the primary network interface."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.localcloud.cloud.test_instances import describe, run

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import SubnetTypeDef


@pytest.fixture
def subnet(ec2: EC2Client) -> SubnetTypeDef:
    """A subnet."""
    return ec2.describe_subnets()["Subnets"][0]


@pytest.fixture
def groups(ec2: EC2Client, subnet: SubnetTypeDef) -> tuple[str, str]:
    """Two security groups in the subnet's network."""
    first, second = (
        ec2.create_security_group(GroupName=name, Description=name, VpcId=subnet["VpcId"])
        for name in ("first", "second")
    )
    return first["GroupId"], second["GroupId"]


def shown(ec2: EC2Client, instance: str) -> tuple[list[str], list[str]]:
    """The groups that the API shows of an instance, and of its interface."""
    found = describe(ec2, instance)
    [card] = found["NetworkInterfaces"]
    return [one["GroupId"] for one in found["SecurityGroups"]], [one["GroupId"] for one in card["Groups"]]


@pytest.mark.parametrize("with_card", [True, False])
def test_an_instance_has_the_groups_of_its_launch(
    ec2: EC2Client, subnet: SubnetTypeDef, groups: tuple[str, str], with_card: bool
) -> None:
    """Whether given with a network interface, as for one with a public address, or without; and they can be changed."""
    first, second = groups
    card = {"DeviceIndex": 0, "SubnetId": subnet["SubnetId"], "AssociatePublicIpAddress": True, "Groups": [first]}
    plain = {"SubnetId": subnet["SubnetId"], "SecurityGroupIds": [first]}
    instance = run(ec2, **({"NetworkInterfaces": [card]} if with_card else plain))
    assert shown(ec2, instance) == ([first], [first])
    interface = describe(ec2, instance)["NetworkInterfaces"][0]["NetworkInterfaceId"]
    ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=[second])
    assert shown(ec2, instance) == ([second], [second])
    ec2.modify_instance_attribute(InstanceId=instance, Groups=[first])
    assert shown(ec2, instance) == ([first], [first])


def test_an_instance_without_groups_has_the_networks_default_one(ec2: EC2Client, subnet: SubnetTypeDef) -> None:
    """As on AWS."""
    instance = run(ec2, SubnetId=subnet["SubnetId"])
    [group] = describe(ec2, instance)["SecurityGroups"]
    assert group["GroupName"] == "default"
