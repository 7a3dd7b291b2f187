"""Elastic IPs: addresses at which the machine of an instance answers for as long as they are associated with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.localcloud.cloud.conftest import Recorder
from tests.localcloud.cloud.test_instances import describe, in_state, run
from tests.localcloud.waiting import until

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import AllocateAddressResultTypeDef


@pytest.fixture
def elastic(ec2: EC2Client) -> AllocateAddressResultTypeDef:
    """An Elastic IP."""
    return ec2.allocate_address(Domain="vpc")


def associate(ec2: EC2Client, elastic: AllocateAddressResultTypeDef, instance: str) -> str:
    """Associate them; the association's id."""
    made = ec2.associate_address(AllocationId=elastic["AllocationId"], InstanceId=instance, AllowReassociation=True)
    return made["AssociationId"]


def address(ec2: EC2Client, instance: str) -> str:
    """The public address that the API shows."""
    return describe(ec2, instance)["PublicIpAddress"]


def test_an_elastic_ip_is_nobody_elses(ec2: EC2Client, elastic: AllocateAddressResultTypeDef) -> None:
    """It is a loopback address that no instance and no other Elastic IP gets."""
    others = {address(ec2, run(ec2)), ec2.allocate_address(Domain="vpc")["PublicIp"], elastic["PublicIp"]}
    assert len(others) == 3
    assert all(one.startswith("127.0.0.") for one in others)


def test_the_machine_answers_at_it(ec2: EC2Client, machines: Recorder, elastic: AllocateAddressResultTypeDef) -> None:
    """From the association on, and at another address after its end."""
    instance = run(ec2)
    association = associate(ec2, elastic, instance)
    assert machines.calls[-1] == ("move", instance, elastic["PublicIp"])
    assert address(ec2, instance) == elastic["PublicIp"]
    [shown] = ec2.describe_addresses(PublicIps=[elastic["PublicIp"]])["Addresses"]
    assert shown["InstanceId"] == instance
    ec2.disassociate_address(AssociationId=association)
    assert machines.calls[-1] == ("move", instance, address(ec2, instance))
    assert address(ec2, instance) != elastic["PublicIp"]


def test_it_stays_over_a_stop(ec2: EC2Client, machines: Recorder, elastic: AllocateAddressResultTypeDef) -> None:
    """The stopped instance shows it, and its machine boots at it."""
    machines.go_on.set()
    instance = run(ec2)
    associate(ec2, elastic, instance)
    ec2.stop_instances(InstanceIds=[instance])
    until(in_state(ec2, instance, "stopped"))
    assert address(ec2, instance) == elastic["PublicIp"]
    ec2.start_instances(InstanceIds=[instance])
    assert machines.calls[-1] == ("start", instance, elastic["PublicIp"])


def test_it_goes_from_one_machine_to_another(
    ec2: EC2Client, machines: Recorder, elastic: AllocateAddressResultTypeDef
) -> None:
    """The first one leaves it before the second one comes, so that both can answer."""
    first, second = run(ec2), run(ec2)
    associate(ec2, elastic, first)
    associate(ec2, elastic, second)
    own = address(ec2, first)
    assert own != elastic["PublicIp"] == address(ec2, second)
    assert machines.calls[-2:] == [("move", first, own), ("move", second, elastic["PublicIp"])]


def test_an_instance_has_one_at_a_time(ec2: EC2Client, elastic: AllocateAddressResultTypeDef) -> None:
    """A second one takes the place of the first, which is nobody's then."""
    instance, second = run(ec2), ec2.allocate_address(Domain="vpc")
    associate(ec2, elastic, instance)
    associate(ec2, second, instance)
    assert address(ec2, instance) == second["PublicIp"]
    [shown] = ec2.describe_addresses(PublicIps=[elastic["PublicIp"]])["Addresses"]
    assert not shown.get("InstanceId")


def test_it_outlives_the_instance(ec2: EC2Client, machines: Recorder, elastic: AllocateAddressResultTypeDef) -> None:
    """Termination parts them, and no machine is moved; then it can be released."""
    instance = run(ec2)
    association = associate(ec2, elastic, instance)
    ec2.terminate_instances(InstanceIds=[instance])
    assert machines.calls[-1] == ("terminate", instance)
    [shown] = ec2.describe_addresses()["Addresses"]
    assert shown.get("AssociationId") != association
    ec2.release_address(AllocationId=elastic["AllocationId"])
    assert not ec2.describe_addresses()["Addresses"]
