"""What the API's calls about instances do to the machines behind them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.localcloud.cloud.conftest import Recorder
from tests.localcloud.cloud.disks import Disks
from tests.localcloud.cloud.ec2.image import AMI_ID
from tests.localcloud.waiting import until

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import InstanceTypeDef


def run(ec2: EC2Client, **more: Any) -> str:
    """Run one instance; its id."""
    named: dict[str, Any] = {"ImageId": AMI_ID, "InstanceType": "g6e.xlarge", "MinCount": 1, "MaxCount": 1}
    return ec2.run_instances(**named | more)["Instances"][0]["InstanceId"]


def describe(ec2: EC2Client, instance_id: str) -> InstanceTypeDef:
    """What the API shows of an instance."""
    return ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]


def in_state(ec2: EC2Client, instance_id: str, state: str) -> Callable[[], bool]:
    """Whether an instance is in a state."""
    return lambda: describe(ec2, instance_id)["State"]["Name"] == state


def test_an_instance_is_a_machine_at_its_public_address(ec2: EC2Client, machines: Recorder) -> None:
    """RunInstances launches a machine with the user data, at the loopback address that the API shows as public."""
    instance = run(ec2, UserData="#cloud-config\n{}")
    address = describe(ec2, instance)["PublicIpAddress"]
    assert machines.calls == [("launch", instance, address, b"#cloud-config\n{}", "")]
    assert address.startswith("127.0.0.")


def test_two_instances_have_two_addresses(ec2: EC2Client) -> None:
    """No two machines answer at the same address."""
    assert describe(ec2, run(ec2))["PublicIpAddress"] != describe(ec2, run(ec2))["PublicIpAddress"]


def test_the_key_pair_reaches_the_machine(ec2: EC2Client, machines: Recorder) -> None:
    """The machine gets the public key of the key pair that the launch names."""
    key = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    ec2.import_key_pair(KeyName="login", PublicKeyMaterial=key)
    run(ec2, KeyName="login")
    assert machines.calls[0][-1] == key.decode()


def test_an_instance_without_a_public_address_shows_none(ec2: EC2Client) -> None:
    """The API shows an address only where AWS would give one."""
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    card = {"DeviceIndex": 0, "SubnetId": subnet, "AssociatePublicIpAddress": False}
    assert "PublicIpAddress" not in describe(ec2, run(ec2, NetworkInterfaces=[card]))


def test_a_machine_that_does_not_start_fails_the_call(ec2: EC2Client, machines: Recorder, disks: Disks) -> None:
    """RunInstances tells why, and leaves no instance that looks alive and no disk."""
    machines.failing = {"launch"}
    with pytest.raises(ClientError, match="launch failed on purpose"):
        run(ec2)
    states = [one["State"]["Name"] for found in ec2.describe_instances()["Reservations"] for one in found["Instances"]]
    assert states == ["terminated"]
    assert not list(disks.folder.glob("*.raw"))


def test_an_instance_is_stopping_until_its_machine_is_down(ec2: EC2Client, machines: Recorder) -> None:
    """StopInstances returns at once; the instance is stopped only when the machine is."""
    instance = run(ec2)
    ec2.stop_instances(InstanceIds=[instance])
    assert in_state(ec2, instance, "stopping")()
    machines.go_on.set()
    until(in_state(ec2, instance, "stopped"))
    assert machines.calls[-1] == ("stop", instance)


def test_a_stopped_instance_starts_at_another_address(ec2: EC2Client, machines: Recorder) -> None:
    """It shows none while it is stopped; StartInstances boots the machine, and the API shows where it answers."""
    machines.go_on.set()
    instance = run(ec2)
    before = describe(ec2, instance)["PublicIpAddress"]
    ec2.stop_instances(InstanceIds=[instance])
    until(in_state(ec2, instance, "stopped"))
    assert "PublicIpAddress" not in describe(ec2, instance)
    ec2.start_instances(InstanceIds=[instance])
    after = describe(ec2, instance)["PublicIpAddress"]
    assert machines.calls[-1] == ("start", instance, after)
    assert after != before


def test_a_running_instance_is_not_started_again(ec2: EC2Client, machines: Recorder) -> None:
    """StartInstances on a running instance is no error and does nothing."""
    ec2.start_instances(InstanceIds=[run(ec2)])
    assert [call[0] for call in machines.calls] == ["launch"]


def test_a_reboot_reaches_the_machine(ec2: EC2Client, machines: Recorder) -> None:
    """RebootInstances restarts it."""
    machines.go_on.set()
    instance = run(ec2)
    ec2.reboot_instances(InstanceIds=[instance])
    until(lambda: machines.calls[-1] == ("reboot", instance))


def test_termination_ends_the_machine_and_frees_its_address(ec2: EC2Client, machines: Recorder, disks: Disks) -> None:
    """Terminated: the machine is gone, its root volume too, and the next one gets the address."""
    first = run(ec2)
    address = describe(ec2, first)["PublicIpAddress"]
    ec2.terminate_instances(InstanceIds=[first])
    assert machines.calls[-1] == ("terminate", first)
    assert not list(disks.folder.glob("*.raw"))
    assert describe(ec2, run(ec2))["PublicIpAddress"] == address


def test_a_protected_instance_keeps_its_machine(ec2: EC2Client, machines: Recorder) -> None:
    """Termination protection is refused by the API before the machine is touched."""
    instance = run(ec2)
    ec2.modify_instance_attribute(InstanceId=instance, DisableApiTermination={"Value": True})
    with pytest.raises(ClientError, match="OperationNotPermitted"):
        ec2.terminate_instances(InstanceIds=[instance])
    assert [call[0] for call in machines.calls] == ["launch"]


def test_the_root_volume_is_the_images_unless_said_otherwise(ec2: EC2Client) -> None:
    """75 GiB that go with the instance; what the launch says wins."""
    encrypted = run(ec2, BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"Encrypted": True}}])
    [root] = describe(ec2, encrypted)["BlockDeviceMappings"]
    [volume] = ec2.describe_volumes(VolumeIds=[root["Ebs"]["VolumeId"]])["Volumes"]
    assert (volume["Size"], volume["Encrypted"], root["Ebs"]["DeleteOnTermination"]) == (75, True, True)
