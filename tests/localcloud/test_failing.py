"""Each way in which the cloud fails, as a program meets it: the provider's own error, and a next `up` that heals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.localcloud.local import LocalCloud
from tests.localcloud.project import Project

pytestmark = [pytest.mark.cloud, pytest.mark.timeout(900)]

PROGRAM = """
import pulumi
import pulumi_aws as aws

zone = "us-east-1a"
wanted = pulumi.Config().get("wanted") or ""
volume = aws.ebs.Volume("data", availability_zone=zone, size=1, type="gp3")
host = aws.ec2.Instance("host", ami="{ami}", instance_type="g6e.xlarge", availability_zone=zone)
if "attachment" in wanted:
    aws.ec2.VolumeAttachment(
        "attached", instance_id=host.id, volume_id=volume.id, device_name="/dev/sdf",
        opts=pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(delete="15s")),
    )
if "snapshot" in wanted:
    aws.ebs.Snapshot("copy", volume_id=volume.id)
if "key" in wanted:
    aws.ec2.KeyPair("key", public_key="{key}")
"""
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl of-a-test"


@dataclass(frozen=True)
class Failing:
    """A stack on a cloud that fails on demand."""

    cloud: LocalCloud
    project: Project

    def want(self, *parts: str) -> None:
        """What the program declares besides a volume and an instance."""
        self.project.run("config", "set", "wanted", " ".join(parts))

    def struck(self, kind: str, times: int | None = None) -> str:
        """What an `up` says that the fault makes fail; then the fault is over."""
        self.cloud.order("arm", kind=kind, times=times)
        code, said = self.project.try_to("up", "--yes", "--skip-preview")
        self.cloud.order("clear")
        assert code != 0, said
        return said

    def heals(self) -> None:
        """The next `up` does what is left, and there is nothing to do then."""
        self.project.up()
        self.project.run("preview", "--expect-no-changes")


@pytest.fixture
def failing(obtainable: None, tmp_path: Path) -> Iterator[Failing]:
    """A new stack on a cloud of its own, whose faults nobody else meets."""
    from tests.localcloud.cloud.ec2.image import AMI_ID

    with LocalCloud(tmp_path / "cloud", hosts=False) as cloud:
        project = Project(tmp_path / "project", cloud.environment())
        project.write(PROGRAM.format(ami=AMI_ID, key=KEY))
        # By itself the provider tries 25 times what it takes for passing: at a lack of capacity that is an hour.
        project.run("config", "set", "aws:maxRetries", "2")
        yield Failing(cloud, project)


def test_each_fault_is_told_and_healed(failing: Failing) -> None:
    """One stack meets them all, one after the other."""
    assert "InsufficientInstanceCapacity" in failing.struck("capacity")
    assert "VcpuLimitExceeded" in failing.struck("vcpu-limit")
    failing.heals()

    failing.want("snapshot", "attachment")
    assert "waiter state transitioned to Failure" in failing.struck("snapshot", times=1)
    failing.heals()

    failing.want("snapshot")
    assert "last state: 'detaching'" in failing.struck("detaching")
    failing.heals()

    failing.want("snapshot", "key")
    assert "RequestLimitExceeded" in failing.struck("throttling")
    failing.heals()
