"""What the API's calls about volumes do to the disks behind them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from tests.localcloud.cloud.conftest import Recorder
from tests.localcloud.cloud.disks import GIB, Disks
from tests.localcloud.cloud.test_instances import describe, run
from tests.localcloud.waiting import until

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import VolumeTypeDef


def create(ec2: EC2Client, zone: str = "us-east-1a") -> str:
    """Create a volume of 100 GiB; its id."""
    return ec2.create_volume(AvailabilityZone=zone, Size=100, VolumeType="gp3")["VolumeId"]


def attached(ec2: EC2Client, device: str = "/dev/sdf") -> tuple[str, str]:
    """The ids of a running instance and of a volume in it."""
    volume, instance = create(ec2), run(ec2)
    ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device=device)
    return instance, volume


def shown(ec2: EC2Client, volume_id: str) -> VolumeTypeDef:
    """What the API shows of a volume."""
    return ec2.describe_volumes(VolumeIds=[volume_id])["Volumes"][0]


def in_state(ec2: EC2Client, volume_id: str, state: str) -> Callable[[], bool]:
    """Whether a volume is in a state."""
    return lambda: shown(ec2, volume_id)["State"] == state


def attachment(ec2: EC2Client, volume_id: str) -> str | None:
    """The state of a volume's attachment, as DescribeVolumes shows it, None without one."""
    found = shown(ec2, volume_id)["Attachments"]
    return found[0]["State"] if found else None


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
    instance, volume = attached(ec2)
    ec2.detach_volume(VolumeId=volume)
    until(in_state(ec2, volume, "available"))
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


def test_a_volume_is_detaching_until_its_machine_lets_it_go(ec2: EC2Client, machines: Recorder) -> None:
    """DetachVolume returns at once; while the disk is mounted, the volume is in use and nobody else gets it."""
    instance, volume = attached(ec2)
    machines.mounted.add(volume)
    assert ec2.detach_volume(VolumeId=volume)["State"] == "detaching"
    assert (shown(ec2, volume)["State"], attachment(ec2, volume)) == ("in-use", "detaching")
    states = {one["DeviceName"]: one["Ebs"]["Status"] for one in describe(ec2, instance)["BlockDeviceMappings"]}
    assert states == {"/dev/sda1": "attached", "/dev/sdf": "detaching"}
    with pytest.raises(ClientError, match="VolumeInUse"):
        ec2.attach_volume(VolumeId=volume, InstanceId=run(ec2), Device="/dev/sdf")
    with pytest.raises(ClientError, match="VolumeInUse"):
        ec2.delete_volume(VolumeId=volume)
    machines.mounted.clear()
    until(in_state(ec2, volume, "available"))
    ec2.delete_volume(VolumeId=volume)


def test_detaching_by_force_does_not_wait(ec2: EC2Client, machines: Recorder) -> None:
    """Also when the same volume waits already; asking again without force changes nothing."""
    instance, volume = attached(ec2)
    machines.mounted.add(volume)
    for _ in range(2):
        ec2.detach_volume(VolumeId=volume)
    assert attachment(ec2, volume) == "detaching"
    ec2.detach_volume(VolumeId=volume, Force=True)
    until(in_state(ec2, volume, "available"))
    assert ("detach", instance, volume, "force") in machines.calls
    machines.mounted.clear()
    until(lambda: machines.calls[-1] == ("detach", instance, volume))  # the one that waited
    assert [call[0] for call in machines.calls].count("detach") == 2


def test_a_late_detachment_leaves_the_next_attachment_alone(ec2: EC2Client, machines: Recorder) -> None:
    """The one that waited when another one was faster: the volume may be in a machine again by then."""
    instance, volume = attached(ec2)
    machines.mounted.add(volume)
    ec2.detach_volume(VolumeId=volume)
    ec2.detach_volume(VolumeId=volume, Force=True)
    until(in_state(ec2, volume, "available"))
    ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device="/dev/sdf")
    machines.mounted.clear()
    for thread in threading.enumerate():
        if thread.name.startswith("background"):
            thread.join(30)
    assert machines.calls[-1] == ("detach", instance, volume)
    assert attachment(ec2, volume) == "attached"


def test_a_volume_that_can_not_be_pulled_out_stays_attached(ec2: EC2Client, machines: Recorder) -> None:
    """So that DetachVolume can be tried again."""
    machines.failing = {"detach"}
    _, volume = attached(ec2)
    ec2.detach_volume(VolumeId=volume)
    until(lambda: machines.calls[-1][0] == "detach" and attachment(ec2, volume) == "attached")
    machines.failing = set()
    ec2.detach_volume(VolumeId=volume)
    until(in_state(ec2, volume, "available"))


def test_a_stopped_instance_lets_go_at_once(ec2: EC2Client, machines: Recorder) -> None:
    """Nothing is mounted in a machine that is off; so what goes wrong is the answer to the call."""
    machines.go_on.set()
    instance, volume = attached(ec2)
    ec2.stop_instances(InstanceIds=[instance])
    until(lambda: describe(ec2, instance)["State"]["Name"] == "stopped")
    machines.failing = {"detach"}
    with pytest.raises(ClientError, match="detach failed on purpose"):
        ec2.detach_volume(VolumeId=volume)
    machines.failing = set()
    ec2.detach_volume(VolumeId=volume)
    assert shown(ec2, volume)["State"] == "available"
    assert machines.calls[-1] == ("detach", instance, volume)


def test_termination_does_not_wait_for_a_mounted_volume(ec2: EC2Client, machines: Recorder) -> None:
    """Not even for one that is detaching: the machine is off."""
    instance, volume = attached(ec2)
    machines.mounted.add(volume)
    ec2.detach_volume(VolumeId=volume)
    ec2.terminate_instances(InstanceIds=[instance])
    assert shown(ec2, volume)["State"] == "available"


@pytest.mark.parametrize("deleted", [True, False])
def test_termination_deletes_the_volumes_of_which_the_launch_says_so(
    ec2: EC2Client, disks: Disks, deleted: bool
) -> None:
    """DeleteOnTermination."""
    disk = {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1, "DeleteOnTermination": deleted}}
    instance = run(ec2, BlockDeviceMappings=[disk])
    ec2.terminate_instances(InstanceIds=[instance])
    left = ec2.describe_volumes()["Volumes"]
    assert len(left) == (0 if deleted else 1)
    assert len(list(disks.folder.glob("*.raw"))) == len(left)


def test_what_is_not_attached_is_not_detached(ec2: EC2Client) -> None:
    """Nor from another instance or device; nothing changes."""
    _, volume = attached(ec2)
    with pytest.raises(ClientError, match=r"IncorrectState.*'available'"):
        ec2.detach_volume(VolumeId=create(ec2))
    with pytest.raises(ClientError, match="InvalidAttachment"):
        ec2.detach_volume(VolumeId=volume, InstanceId=run(ec2))
    with pytest.raises(ClientError, match="InvalidAttachment"):
        ec2.detach_volume(VolumeId=volume, Device="/dev/sda1")
    assert attachment(ec2, volume) == "attached"


def test_a_taken_device_and_a_terminated_instance_are_refused(ec2: EC2Client) -> None:
    """As on AWS; moto would take the first volume's device away from it."""
    instance, first = attached(ec2)
    second = create(ec2)
    with pytest.raises(ClientError, match="/dev/sdf is already in use"):
        ec2.attach_volume(VolumeId=second, InstanceId=instance, Device="/dev/sdf")
    ec2.terminate_instances(InstanceIds=[instance])
    with pytest.raises(ClientError, match="IncorrectState"):
        ec2.attach_volume(VolumeId=first, InstanceId=instance, Device="/dev/sdf")


def test_a_volume_without_a_disk_is_not_there(ec2: EC2Client, disks: Disks) -> None:
    """CreateVolume that can't make the file fails, and leaves no volume."""
    assert ec2.describe_volumes()["Volumes"] == []
    disks.folder.rename(disks.folder.with_name("away"))
    with pytest.raises(ClientError, match="InternalError"):
        create(ec2)
    assert ec2.describe_volumes()["Volumes"] == []
