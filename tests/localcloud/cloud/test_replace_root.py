"""CreateReplaceRootVolumeTask and DescribeReplaceRootVolumeTasks, which moto lacks, as boto3 reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from tests.localcloud.cloud.conftest import Recorder
from tests.localcloud.cloud.disks import Disks
from tests.localcloud.cloud.test_instances import describe, in_state, run
from tests.localcloud.cloud.test_volumes import create, shown
from tests.localcloud.waiting import until

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import ReplaceRootVolumeTaskTypeDef, TagSpecificationTypeDef, TagTypeDef


def task(ec2: EC2Client, task_id: str) -> ReplaceRootVolumeTaskTypeDef:
    """What the API shows of a task."""
    [found] = ec2.describe_replace_root_volume_tasks(ReplaceRootVolumeTaskIds=[task_id])["ReplaceRootVolumeTasks"]
    return found


def root(ec2: EC2Client, instance: str) -> str:
    """The id of an instance's root volume."""
    mappings = describe(ec2, instance)["BlockDeviceMappings"]
    return next(one["Ebs"]["VolumeId"] for one in mappings if one["DeviceName"] == "/dev/sda1")


def test_a_task_is_pending_then_in_progress_then_succeeded(ec2: EC2Client, machines: Recorder) -> None:
    """The states of AWS's own, with the times and the tags where botocore's model wants them."""
    instance = run(ec2)
    tags: list[TagTypeDef] = [{"Key": "why", "Value": "test"}]
    named: list[TagSpecificationTypeDef] = [{"ResourceType": "replace-root-volume-task", "Tags": tags}]
    made = ec2.create_replace_root_volume_task(InstanceId=instance, TagSpecifications=named)["ReplaceRootVolumeTask"]
    assert (made["TaskState"], made["InstanceId"], made["Tags"]) == ("pending", instance, tags)
    until(lambda: task(ec2, made["ReplaceRootVolumeTaskId"])["TaskState"] == "in-progress")
    machines.go_on.set()
    until(lambda: task(ec2, made["ReplaceRootVolumeTaskId"])["TaskState"] == "succeeded")
    assert task(ec2, made["ReplaceRootVolumeTaskId"])["CompleteTime"] >= made["StartTime"]
    assert machines.calls[-1] == ("replace_root", instance)


@pytest.mark.parametrize("delete", [True, False])
def test_the_instance_has_another_root_volume(ec2: EC2Client, machines: Recorder, disks: Disks, delete: bool) -> None:
    """The old one is deleted if asked, else kept; a data volume stays attached and nothing is unplugged."""
    machines.go_on.set()
    instance, data = run(ec2), create(ec2)
    ec2.attach_volume(VolumeId=data, InstanceId=instance, Device="/dev/sdf")
    old = root(ec2, instance)
    made = ec2.create_replace_root_volume_task(InstanceId=instance, DeleteReplacedRootVolume=delete)
    until(lambda: task(ec2, made["ReplaceRootVolumeTask"]["ReplaceRootVolumeTaskId"])["TaskState"] == "succeeded")
    assert root(ec2, instance) != old
    assert disks.path(old).exists() is not delete
    assert [call[0] for call in machines.calls] == ["launch", "attach", "replace_root"]
    assert ec2.describe_volumes(VolumeIds=[data])["Volumes"][0]["State"] == "in-use"


def test_the_new_root_volume_is_as_the_old_one(ec2: EC2Client, machines: Recorder) -> None:
    """Of the same size and type, encrypted with the same key."""
    machines.go_on.set()
    disk = {"DeviceName": "/dev/sda1", "Ebs": {"Encrypted": True, "VolumeSize": 80}}
    instance = run(ec2, BlockDeviceMappings=[disk])
    old = shown(ec2, root(ec2, instance))
    made = ec2.create_replace_root_volume_task(InstanceId=instance)["ReplaceRootVolumeTask"]
    until(lambda: task(ec2, made["ReplaceRootVolumeTaskId"])["TaskState"] == "succeeded")
    new = shown(ec2, root(ec2, instance))
    for name in ("Size", "VolumeType", "Iops", "Throughput", "Encrypted", "KmsKeyId"):
        assert new[name] == old[name]


def test_a_replacement_that_fails_says_so(ec2: EC2Client, machines: Recorder) -> None:
    """The task is failed, and the instance keeps its root volume."""
    machines.go_on.set()
    machines.failing = {"replace_root"}
    instance = run(ec2)
    old = root(ec2, instance)
    made = ec2.create_replace_root_volume_task(InstanceId=instance)["ReplaceRootVolumeTask"]
    until(lambda: task(ec2, made["ReplaceRootVolumeTaskId"])["TaskState"] == "failed")
    assert root(ec2, instance) == old


def test_only_a_running_instance_gets_one(ec2: EC2Client, machines: Recorder) -> None:
    """As on AWS: a stopped one is refused."""
    machines.go_on.set()
    instance = run(ec2)
    ec2.stop_instances(InstanceIds=[instance])
    until(in_state(ec2, instance, "stopped"))
    with pytest.raises(ClientError, match="IncorrectInstanceState"):
        ec2.create_replace_root_volume_task(InstanceId=instance)


def test_unknown_ids_are_refused(ec2: EC2Client) -> None:
    """Of an instance, of an image, of a task."""
    with pytest.raises(ClientError, match="InvalidInstanceID"):
        ec2.create_replace_root_volume_task(InstanceId="i-00000000000000000")
    with pytest.raises(ClientError, match="InvalidAMIID"):
        ec2.create_replace_root_volume_task(InstanceId=run(ec2), ImageId="ami-00000000000000000")
    with pytest.raises(ClientError, match="InvalidReplaceRootVolumeTaskID"):
        task(ec2, "replacevol-00000000000000000")


def test_tasks_are_found_by_their_instance(ec2: EC2Client, machines: Recorder) -> None:
    """The filter instance-id, which a program uses that lost the task's id."""
    machines.go_on.set()
    first, second = run(ec2), run(ec2)
    for one in (first, second):
        ec2.create_replace_root_volume_task(InstanceId=one)
    found = ec2.describe_replace_root_volume_tasks(Filters=[{"Name": "instance-id", "Values": [second]}])
    assert [one["InstanceId"] for one in found["ReplaceRootVolumeTasks"]] == [second]
