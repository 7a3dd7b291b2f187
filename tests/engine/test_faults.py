"""What goes wrong in the cloud, or is done by hand there: told in words, healed by the next `up`."""

from __future__ import annotations

import boto3
import pytest

from tests.engine.conftest import Stack
from tests.engine.recorded import FILESYSTEM
from tests.localcloud.cloud.region import REGION

pytestmark = [pytest.mark.cloud, pytest.mark.timeout(1500)]

UP = ("up", "--yes", "--skip-preview")


def settled(stack: Stack) -> None:
    """There is nothing to do."""
    stack.project.run("preview", "--expect-no-changes")


def test_faults_of_the_cloud_and_deeds_by_hand(stack: Stack) -> None:
    """No capacity, throttling, a host that was stopped, tags that were changed: one stack meets them all."""
    no_capacity(stack)
    goes_on_though_throttled(stack)
    starts_a_stopped_host(stack)
    puts_tags_back(stack)
    destroys_a_stopped_host(stack)


def no_capacity(stack: Stack) -> None:
    """The zones that offer the type are named, and that the same command may be run again."""
    stack.project.run("config", "set", "aws:maxRetries", "2")  # each try waits longer than the one before
    stack.cloud.order("arm", kind="capacity")
    said = stack.refused(*UP)
    stack.cloud.order("clear")
    assert "AWS has no g6e.xlarge free in us-east-1a now; us-east-1b" in said
    assert "safe to run again" in said
    assert stack.hosts() == []
    assert stack.calls() == []


def goes_on_though_throttled(stack: Stack) -> None:
    """Questions and declarations are patient; the volume is the one that was made before, and formatted once."""
    made = stack.volumes()
    stack.project.run("config", "rm", "aws:maxRetries")
    stack.cloud.order("arm", kind="throttling", times=3)
    stack.up()
    assert stack.volumes() == made
    assert [one["call"] for one in stack.calls()] == ["create"]
    assert stack.permission(made[0]) == f"done:{FILESYSTEM}"
    settled(stack)


def starts_a_stopped_host(stack: Stack) -> None:
    """`pulumi up` wants a host that runs; once it does, there is nothing to do."""
    (host,) = stack.hosts()
    stack.ec2.stop_instances(InstanceIds=[host])
    stack.ec2.get_waiter("instance_stopped").wait(InstanceIds=[host])
    stack.up()
    assert stack.hosts() == [host]
    state = stack.ec2.describe_instances(InstanceIds=[host])["Reservations"][0]["Instances"][0]["State"]["Name"]
    assert state == "running"
    settled(stack)


def puts_tags_back(stack: Stack) -> None:
    """A volume whose tags were taken away is still the stack's own, as the state knows it."""
    (volume,) = stack.volumes()
    stack.ec2.delete_tags(Resources=[volume], Tags=[{"Key": "zagent:stack"}])
    assert stack.volumes() == []
    stack.project.run("refresh", "--yes", "--skip-preview")
    stack.up()
    assert stack.volumes() == [volume]
    assert stack.permission(volume) == f"done:{FILESYSTEM}"
    settled(stack)


def destroys_a_stopped_host(stack: Stack) -> None:
    """Nobody answers there, and nobody need."""
    (host,), (volume,) = stack.hosts(), stack.volumes()
    stack.ec2.stop_instances(InstanceIds=[host])
    stack.project.run("destroy", "--yes", "--skip-preview")
    assert (stack.hosts(), stack.volumes()) == ([], [volume])


def test_what_was_lost_or_taken_away(stack: Stack) -> None:
    """A volume that is gone is restored, a lost state is found again, a volume in use is let alone."""
    stack.up()
    restores_a_volume_that_is_gone(stack)
    adopts_after_the_state_was_lost(stack)
    lets_a_volume_in_use_alone(stack)


def restores_a_volume_that_is_gone(stack: Stack) -> None:
    """The state names it, AWS does not: told, and after a refresh the newest snapshot takes its place."""
    (host,), (volume,) = stack.hosts(), stack.volumes()
    snapshot = taken_by_the_policy(stack)
    stack.ec2.stop_instances(InstanceIds=[host])
    stack.ec2.get_waiter("instance_stopped").wait(InstanceIds=[host])
    stack.ec2.detach_volume(VolumeId=volume)
    stack.ec2.get_waiter("volume_available").wait(VolumeIds=[volume])
    stack.ec2.delete_volume(VolumeId=volume)
    assert f"Pulumi's state names the data volume {volume}, but AWS has no such volume" in stack.refused("preview")
    stack.project.run("refresh", "--yes", "--skip-preview")
    assert f"from the snapshot {snapshot}" in stack.up()
    (restored,) = stack.volumes()
    assert stack.ec2.describe_volumes(VolumeIds=[restored])["Volumes"][0]["SnapshotId"] == snapshot
    assert stack.calls()[-1]["against"], "what holds data may never be formatted"
    settled(stack)


def taken_by_the_policy(stack: Stack) -> str:
    """The daily snapshot, now; what the policy's service would do at night."""
    policy = stack.project.outputs()["snapshot_policy_id"]
    stack.cloud.order("run-policy", policy=policy)
    (found,) = stack.ec2.describe_snapshots(
        OwnerIds=["self"], Filters=[{"Name": "tag-key", "Values": ["zagent:stack"]}]
    )["Snapshots"]
    stack.ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[found["SnapshotId"]])
    return found["SnapshotId"]


def adopts_after_the_state_was_lost(stack: Stack) -> None:
    """A second host beside the lost one is refused; the volume and its snapshot policy are adopted, not doubled."""
    (host,), (volume,) = stack.hosts(), stack.volumes()
    policy = stack.project.outputs()["snapshot_policy_id"]
    stack.project.run("stack", "rm", "--force", "--yes", "--preserve-config")
    stack.project.run("stack", "init", "test")
    assert f"aws ec2 terminate-instances --instance-ids {host}" in stack.refused(*UP)
    assert stack.hosts() == [host]
    stack.ec2.terminate_instances(InstanceIds=[host])
    stack.ec2.get_waiter("instance_terminated").wait(InstanceIds=[host])
    stack.up()
    assert stack.volumes() == [volume]
    assert stack.project.outputs()["snapshot_policy_id"] == policy
    assert len(boto3.client("dlm", REGION).get_lifecycle_policies()["Policies"]) == 1
    settled(stack)


def lets_a_volume_in_use_alone(stack: Stack) -> None:
    """Attached to somebody else's instance: both are named, nothing is made."""
    (volume,) = stack.volumes()
    image = stack.ec2.describe_instances()["Reservations"][0]["Instances"][0]["ImageId"]
    stack.project.run("destroy", "--yes", "--skip-preview")
    zone = stack.ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["AvailabilityZone"]
    other = stack.ec2.run_instances(
        ImageId=image, InstanceType="g6e.xlarge", MinCount=1, MaxCount=1, Placement={"AvailabilityZone": zone}
    )["Instances"][0]["InstanceId"]
    stack.ec2.get_waiter("instance_running").wait(InstanceIds=[other])
    stack.ec2.attach_volume(VolumeId=volume, InstanceId=other, Device="/dev/sdf")
    said = stack.refused(*UP)
    assert f"{volume} is attached to {other}, which is no host of this stack" in said
    assert stack.hosts() == [other]
