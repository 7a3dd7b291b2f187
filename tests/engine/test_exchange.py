"""Another data volume under a host that is there."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Stack

pytestmark = [pytest.mark.cloud, pytest.mark.timeout(900)]


def test_a_host_takes_another_volume(stack: Stack) -> None:
    """It is stopped, lets go of the first, gets the one that is named, and runs again; the first one stays.

    The one that is named gets the stack's tags, but not the permission to format of a volume that the stack made.
    """
    stack.up()
    (first,), (host,) = stack.volumes(), stack.hosts()
    asked = {"AvailabilityZone": "us-east-1a", "Size": 100, "VolumeType": "gp3", "Encrypted": True}
    named = stack.ec2.create_volume(**asked)["VolumeId"]  # type: ignore[arg-type]
    stack.ec2.get_waiter("volume_available").wait(VolumeIds=[named])
    stack.project.run("config", "set", "volumeId", named)
    stack.up()

    assert stack.project.outputs()["volume_id"] == named
    assert sorted(stack.volumes()) == sorted([first, named])
    assert stack.hosts() == [host]
    (instance,) = stack.ec2.describe_instances(InstanceIds=[host])["Reservations"][0]["Instances"]
    held = [one["Ebs"]["VolumeId"] for one in instance["BlockDeviceMappings"]]
    assert instance["State"]["Name"] == "running"
    assert named in held
    assert first not in held
    last = stack.calls()[-1]
    assert (last["call"], last["instance"], last["volume"]) == ("create", "running", "in-use")
    assert (last["record"]["ours"], last["record"]["made_here"]) == (True, False)
    assert last["against"] == ["it was adopted, and made by somebody else: it has no tag zagent:owner"]
    assert (stack.permission(first) != "", stack.permission(named)) == (True, "")
    stack.project.run("preview", "--expect-no-changes")
    stack.project.run("destroy", "--yes", "--skip-preview")
