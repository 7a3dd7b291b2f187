"""What the API's calls about volumes do to the disks behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from tests.localcloud.cloud.conftest import Recorder
from tests.localcloud.cloud.disks import GIB, Disks
from tests.localcloud.cloud.test_instances import describe, run

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client


def create(ec2: EC2Client, zone: str = "us-east-1a") -> str:
    """Create a volume of 100 GiB; its id."""
    return ec2.create_volume(AvailabilityZone=zone, Size=100, VolumeType="gp3")["VolumeId"]


def test_a_volume_is_a_sparse_file_of_its_size(ec2: EC2Client, disks: Disks) -> None:
    """CreateVolume makes a disk of the size asked for that takes no room."""
    stat = disks.path(create(ec2)).stat()
    assert (stat.st_size, stat.st_blocks) == (100 * GIB, 0)


def test_a_deleted_volume_has_no_disk(ec2: EC2Client, disks: Disks) -> None:
    """DeleteVolume removes the content, too."""
    volume = create(ec2)
    ec2.delete_volume(VolumeId=volume)
    assert not disks.path(volume).exists()


def test_the_disk_of_an_attached_volume_stays(ec2: EC2Client, disks: Disks) -> None:
    """DeleteVolume is refused while an instance holds it, and the content is not touched."""
    volume, instance = create(ec2), run(ec2)
    ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device="/dev/sdf")
    with pytest.raises(ClientError, match="VolumeInUse"):
        ec2.delete_volume(VolumeId=volume)
    assert disks.path(volume).exists()


def test_a_disk_is_never_made_over_another(disks: Disks) -> None:
    """A content that is there is not truncated."""
    disks.path("vol-1").write_bytes(b"content")
    with pytest.raises(FileExistsError):
        disks.make("vol-1", 1)
    assert disks.path("vol-1").read_bytes() == b"content"


def test_attaching_plugs_the_disk_in_and_detaching_pulls_it_out(
    ec2: EC2Client, machines: Recorder, disks: Disks
) -> None:
    """AttachVolume and DetachVolume reach the machine with the volume's own disk."""
    volume, instance = create(ec2), run(ec2)
    ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device="/dev/sdf")
    ec2.detach_volume(VolumeId=volume)
    assert machines.calls[1:] == [("attach", instance, volume, disks.path(volume)), ("detach", instance, volume)]


def test_a_disk_that_can_not_be_plugged_in_is_not_attached(ec2: EC2Client, machines: Recorder) -> None:
    """A failure of the machine leaves the volume available."""
    volume, instance = create(ec2), run(ec2)
    machines.failing = {"attach"}
    with pytest.raises(ClientError):
        ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device="/dev/sdf")
    assert ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["State"] == "available"


def test_another_zones_volume_is_refused(ec2: EC2Client, machines: Recorder) -> None:
    """As on AWS: a volume can be attached only in its own zone."""
    volume, instance = create(ec2, "us-east-1b"), run(ec2)
    with pytest.raises(ClientError, match="ZoneMismatch"):
        ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device="/dev/sdf")
    assert [call[0] for call in machines.calls] == ["launch"]


def test_a_volume_in_use_is_refused(ec2: EC2Client) -> None:
    """Two machines never write to one disk."""
    volume, first, second = create(ec2), run(ec2), run(ec2)
    ec2.attach_volume(VolumeId=volume, InstanceId=first, Device="/dev/sdf")
    with pytest.raises(ClientError, match="VolumeInUse"):
        ec2.attach_volume(VolumeId=volume, InstanceId=second, Device="/dev/sdf")


def test_a_volume_outlives_its_instance(ec2: EC2Client, machines: Recorder, disks: Disks) -> None:
    """Termination lets go of the volume without unplugging, as a power cut, and its content stays."""
    volume, instance = create(ec2), run(ec2)
    ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device="/dev/sdf")
    ec2.terminate_instances(InstanceIds=[instance])
    assert [call[0] for call in machines.calls] == ["launch", "attach", "terminate"]
    assert ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["State"] == "available"
    assert disks.path(volume).exists()


def test_a_second_volume_of_the_launch_is_plugged_in(ec2: EC2Client, machines: Recorder) -> None:
    """A volume that RunInstances itself asks for is in the machine, too; the root is no separate disk."""
    instance = run(ec2, BlockDeviceMappings=[{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1}}])
    volumes = {one["DeviceName"]: one["Ebs"]["VolumeId"] for one in describe(ec2, instance)["BlockDeviceMappings"]}
    assert volumes.keys() == {"/dev/sda1", "/dev/sdf"}
    assert [call[:3] for call in machines.calls[1:]] == [("attach", instance, volumes["/dev/sdf"])]
