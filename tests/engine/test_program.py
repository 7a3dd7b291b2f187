"""The life of a stack: the volume is made once, kept, and found again; everything else comes and goes."""

from __future__ import annotations

import pytest

from tests import login_key
from tests.engine.conftest import Stack
from tests.engine.recorded import BROKEN, FILESYSTEM

pytestmark = [pytest.mark.cloud, pytest.mark.timeout(600)]

DESTROY = ("destroy", "--yes", "--skip-preview")
UNCHANGED = ("--expect-no-changes",)


def test_a_volume_outlives_its_stack(stack: Stack) -> None:
    """Up, settled; refreshed, settled, and the permission is still there; destroyed but for the volume; adopted."""
    stack.up()
    outputs = stack.project.outputs()
    volume = outputs["volume_id"]
    assert outputs["volume_adopted"] is False
    assert stack.permission(volume) == f"done:{FILESYSTEM}"

    stack.up(*UNCHANGED)
    stack.project.run("refresh", "--yes", "--skip-preview")
    stack.up(*UNCHANGED)
    assert stack.permission(volume) == f"done:{FILESYSTEM}", "Pulumi must not take the tag away"

    stack.project.run(*DESTROY)
    assert stack.volumes() == [volume]
    assert stack.ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["State"] == "available"

    stack.up()
    again = stack.project.outputs()
    assert (again["volume_id"], again["volume_adopted"]) == (volume, True)
    assert again["volume_zone"] == outputs["volume_zone"]
    assert [one["call"] for one in stack.calls()] == ["create", "delete", "create"]
    assert stack.calls()[-1]["against"], "a volume that was formatted may never be formatted again"
    stack.up(*UNCHANGED)
    assert stack.permission(volume) == f"done:{FILESYSTEM}"
    stack.project.run(*DESTROY)
    stack.ec2.delete_volume(VolumeId=volume)


def test_a_host_that_failed_is_made_and_replaced(stack: Stack) -> None:
    """An `up` that fails, one that goes on from there, one that replaces the host, all around one volume."""
    volume = failed_before_the_host(stack)
    goes_on_and_formats_once(stack, volume)
    keeps_its_login_key(stack)
    replaces_the_host(stack, volume)
    stack.project.run(*DESTROY)
    stack.ec2.delete_volume(VolumeId=volume)


def failed_before_the_host(stack: Stack) -> str:
    """The volume that an `up` leaves whose bootstrap failed: nothing says that it was formatted."""
    stack.project.variables = {**stack.project.variables, BROKEN: "1"}
    assert "the host does not answer" in stack.refused("up", "--yes", "--skip-preview")
    stack.project.variables = {**stack.project.variables, BROKEN: ""}
    (volume,) = stack.volumes()
    assert stack.permission(volume) == ""
    return volume


def goes_on_and_formats_once(stack: Stack, volume: str) -> None:
    """The second `pulumi up` finds the volume that the first one made, blank and free to be formatted."""
    stack.up()
    assert stack.project.outputs()["volume_id"] == volume
    assert [one["against"] for one in stack.calls()] == [[]]
    assert stack.permission(volume) == f"done:{FILESYSTEM}"


def keeps_its_login_key(stack: Stack) -> None:
    """Another one would replace the host, which nobody asked for."""
    own = stack.project.run("config", "get", "sshPrivateKeyFile").strip()
    stack.project.run("config", "set", "sshPrivateKeyFile", str(login_key.written(stack.diary.with_name("other"))))
    assert "it was made with another key" in stack.refused("preview")
    stack.project.run("config", "set", "sshPrivateKeyFile", own)


def replaces_the_host(stack: Stack, volume: str) -> None:
    """The bootstrap lets the volume go while it is still attached to the running host; only then the host goes.

    Not for another image, which is for the next host.
    """
    first = stack.project.outputs()
    running = stack.ec2.describe_instances(InstanceIds=[first["instance_id"]])["Reservations"][0]["Instances"][0]
    copied = stack.ec2.copy_image(Name="another", SourceImageId=running["ImageId"], SourceRegion="us-east-1")
    stack.project.run("config", "set", "amiId", copied["ImageId"])
    stack.up(*UNCHANGED)
    stack.up("--replace", "**::host-instance")
    second = stack.project.outputs()
    assert second["instance_id"] != first["instance_id"]
    assert second["volume_id"] == volume
    assert [one["call"] for one in stack.calls()] == ["create", "delete", "create"]
    release = stack.calls()[1]
    assert release["instance_id"] == first["instance_id"]
    assert (release["instance"], release["volume"]) == ("running", "in-use")


def test_what_can_not_be_is_told_before_anything_is_made(stack: Stack) -> None:
    """No login key, bad settings, two volumes, another zone than the volume's: words, what mends it, no resource."""
    key = stack.project.run("config", "get", "sshPrivateKeyFile").strip()
    stack.project.run("config", "set", "sshPrivateKeyFile", "/nowhere/key")
    assert "ssh-keygen -t ed25519 -f /nowhere/key" in stack.refused("preview")
    stack.project.run("config", "set", "sshPrivateKeyFile", key)

    stack.project.run("config", "set", "instanceType", "enormous")
    assert "pulumi config set instanceType " in stack.refused("preview")
    stack.project.run("config", "set", "instanceType", "x9z.large")
    assert "not offered" in stack.refused("preview")
    stack.project.run("config", "rm", "instanceType")

    made = [stack.ec2.create_volume(AvailabilityZone="us-east-1b", Size=1)["VolumeId"] for _ in range(2)]
    own = {"zagent:project": "zagent", "zagent:stack": "test", "zagent:owner": stack.owner}
    stack.ec2.create_tags(Resources=made, Tags=[{"Key": key, "Value": value} for key, value in own.items()])
    assert all(one in stack.refused("preview") for one in made)
    stack.ec2.delete_volume(VolumeId=made[1])
    stack.project.run("config", "set", "availabilityZone", "us-east-1a")
    assert "pulumi config rm availabilityZone" in stack.refused("preview")
    assert stack.calls() == []
    stack.ec2.delete_volume(VolumeId=made[0])
