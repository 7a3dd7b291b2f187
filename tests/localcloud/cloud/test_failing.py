"""Faults as a client of the API meets them, and what can be ordered of a running cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError
from moto.ec2.exceptions import EC2ClientError

from tests.localcloud.cloud import api, orders
from tests.localcloud.cloud.conftest import Recorder
from tests.localcloud.cloud.ec2.image import AMI_ID
from tests.localcloud.cloud.region import REGION
from tests.localcloud.errors import LocalCloudError
from tests.localcloud.waiting import until

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

ZONE, OTHER = f"{REGION}a", f"{REGION}b"


def launched(ec2: EC2Client, zone: str = ZONE) -> str:
    """An instance."""
    made = ec2.run_instances(
        ImageId=AMI_ID, InstanceType="g6e.xlarge", MinCount=1, MaxCount=1, Placement={"AvailabilityZone": zone}
    )
    return made["Instances"][0]["InstanceId"]


def volume(ec2: EC2Client) -> str:
    """A volume."""
    return ec2.create_volume(AvailabilityZone=ZONE, Size=1, VolumeType="gp3")["VolumeId"]


def attached(ec2: EC2Client) -> tuple[str, str]:
    """An instance and a volume that it holds."""
    instance, disk = launched(ec2), volume(ec2)
    ec2.attach_volume(InstanceId=instance, VolumeId=disk, Device="/dev/sdf")
    return instance, disk


def state(ec2: EC2Client, disk: str) -> str:
    """A volume's state, or its attachment's."""
    found = ec2.describe_volumes(VolumeIds=[disk])["Volumes"][0]
    return found["Attachments"][0]["State"] if found["Attachments"] else found["State"]


def refusal(error: ClientError) -> tuple[str, int]:
    """An error's code and HTTP status."""
    return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]


def test_a_zone_without_capacity(ec2: EC2Client) -> None:
    """Another zone has some; nothing is left of what was refused."""
    orders.carry_out("arm", kind="capacity", about=ZONE)
    with pytest.raises(ClientError) as refused:
        launched(ec2)
    assert refusal(refused.value) == ("InsufficientInstanceCapacity", 500)
    assert ZONE in str(refused.value)
    assert launched(ec2, OTHER)


@pytest.mark.parametrize("kind", ["capacity", "vcpu-limit"])
def test_a_stopped_instance_needs_room_again(ec2: EC2Client, machines: Recorder, kind: str) -> None:
    """It stays stopped, and starts once there is some."""
    host = launched(ec2)
    machines.go_on.set()
    ec2.stop_instances(InstanceIds=[host])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[host], WaiterConfig={"Delay": 1})
    orders.carry_out("arm", kind=kind)
    with pytest.raises(ClientError, match=r"InsufficientInstanceCapacity|VcpuLimitExceeded"):
        ec2.start_instances(InstanceIds=[host])
    orders.carry_out("clear")
    assert ec2.start_instances(InstanceIds=[host])["StartingInstances"][0]["PreviousState"]["Name"] == "stopped"


def test_an_account_without_quota(ec2: EC2Client) -> None:
    """Once, as it was told to."""
    orders.carry_out("arm", kind="vcpu-limit", times=1)
    with pytest.raises(ClientError) as refused:
        launched(ec2)
    assert refusal(refused.value) == ("VcpuLimitExceeded", 400)
    assert launched(ec2)


def test_a_subnet_says_which_zone_it_is(ec2: EC2Client) -> None:
    """A launch into a subnet goes to the subnet's zone."""
    orders.carry_out("arm", kind="capacity", about=OTHER)
    subnets = ec2.describe_subnets(Filters=[{"Name": "availability-zone", "Values": [OTHER]}])["Subnets"]
    with pytest.raises(ClientError, match="InsufficientInstanceCapacity"):
        ec2.run_instances(
            ImageId=AMI_ID, InstanceType="g6e.xlarge", MinCount=1, MaxCount=1, SubnetId=subnets[0]["SubnetId"]
        )


def test_throttling(ec2: EC2Client) -> None:
    """Every call is refused; what was refused has not been done."""
    orders.carry_out("arm", kind="throttling")
    with pytest.raises(ClientError) as refused:
        volume(ec2)
    assert refusal(refused.value) == ("RequestLimitExceeded", 503)
    orders.carry_out("clear")
    assert ec2.describe_volumes()["Volumes"] == []


def test_a_stuck_volume(ec2: EC2Client, machines: Recorder) -> None:
    """It is `detaching` until the fault is cleared, however often one asks."""
    instance, disk = attached(ec2)
    orders.carry_out("arm", kind="detaching", about=disk)
    ec2.detach_volume(VolumeId=disk)
    ec2.detach_volume(VolumeId=disk)
    assert state(ec2, disk) == "detaching"
    assert ("detach", instance, disk) not in machines.calls
    orders.carry_out("clear")
    until(lambda: state(ec2, disk) == "available")
    assert machines.calls.count(("detach", instance, disk)) == 1


def test_a_stuck_volume_of_a_stopped_instance(ec2: EC2Client, machines: Recorder) -> None:
    """It is stuck as well, and the call that detaches it answers all the same."""
    instance, disk = attached(ec2)
    machines.go_on.set()
    ec2.stop_instances(InstanceIds=[instance])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance], WaiterConfig={"Delay": 1})
    orders.carry_out("arm", kind="detaching")
    ec2.detach_volume(VolumeId=disk)
    assert state(ec2, disk) == "detaching"
    orders.carry_out("clear")
    until(lambda: state(ec2, disk) == "available")


def test_a_stuck_volume_goes_by_force_or_with_its_instance(ec2: EC2Client, machines: Recorder) -> None:
    """As on AWS."""
    _, forced = attached(ec2)
    instance, other = attached(ec2)
    orders.carry_out("arm", kind="detaching")
    for disk in (forced, other):
        ec2.detach_volume(VolumeId=disk)
    ec2.detach_volume(VolumeId=forced, Force=True)
    until(lambda: state(ec2, forced) == "available")
    ec2.terminate_instances(InstanceIds=[instance])
    until(lambda: state(ec2, other) == "available")


def test_a_snapshot_that_fails(ec2: EC2Client) -> None:
    """The next one; the one after it is complete."""
    orders.carry_out("arm", kind="snapshot", times=1)
    disk = volume(ec2)
    for outcome in ("error", "completed"):
        made = ec2.create_snapshot(VolumeId=disk)["SnapshotId"]
        until(lambda: ec2.describe_snapshots(SnapshotIds=[made])["Snapshots"][0]["State"] == outcome)  # noqa: B023


def test_a_silent_host(ec2: EC2Client, machines: Recorder) -> None:
    """Its machine is made so that it never answers."""
    orders.carry_out("arm", kind="silent-host", times=1)
    silent, usual = launched(ec2), launched(ec2)
    assert [call[-1] == "silent" for call in machines.calls if call[0] == "launch"] == [True, False]
    assert silent != usual


def test_power_and_disks_fail_at_once(ec2: EC2Client, machines: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a machine that is on; of no other."""
    instance, disk = attached(ec2)
    for order, about in (("power-cut", {"instance": instance}), ("read-only", {"volume": disk})):
        with pytest.raises(LocalCloudError, match="scripts/localcloud status"):
            orders.carry_out(order, **about)
    monkeypatch.setattr(Recorder, "running", lambda self, one: one == instance)
    orders.carry_out("power-cut", instance=instance)
    orders.carry_out("read-only", volume=disk)
    assert machines.calls[-2:] == [("power_cut", instance), ("fail_writes", instance, disk)]


def test_somebody_elses_volume(ec2: EC2Client) -> None:
    """It carries the tags that a program looks for."""
    made = orders.carry_out("foreign-volume", tags={"zagent:stack": "dev"}, zone=OTHER)
    found = ec2.describe_volumes(Filters=[{"Name": "tag:zagent:stack", "Values": ["dev"]}])["Volumes"]
    assert [(one["VolumeId"], one["AvailabilityZone"]) for one in found] == [(made, OTHER)]


def test_orders_that_are_none(endpoint: str) -> None:
    """Are refused, with those that there are."""
    with pytest.raises(LocalCloudError, match="no order 'flood'"):
        orders.carry_out("flood")
    with pytest.raises(ValueError, match="no fault 'flood'"):
        orders.carry_out("arm", kind="flood")
    with pytest.raises(LocalCloudError, match="no zone 'mars'"):
        orders.carry_out("arm", kind="capacity", about="mars")
    with pytest.raises(EC2ClientError, match=r"InvalidVolume\.NotFound"):
        orders.carry_out("arm", kind="snapshot", about="vol-0123456789abcdef0")
    assert api.ec2().faults.armed() == []
