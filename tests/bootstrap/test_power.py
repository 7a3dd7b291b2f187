"""A host that is to run, on EC2's API as moto has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from infra.account.access import Access
from infra.bootstrap import power, resource
from infra.errors import CloudError, CloudRefused, NoCapacity
from tests.bootstrap.test_permission import ec2, instance

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

__all__ = ["ec2"]

pytestmark = pytest.mark.timeout(60)
"""Whoever waits for a running host to stop waits for ten minutes."""


def state(ec2: EC2Client, host: str) -> str:
    """What EC2 says."""
    return ec2.describe_instances(InstanceIds=[host])["Reservations"][0]["Instances"][0]["State"]["Name"]


def started(host: str, told: str) -> None:
    """What `pulumi up` does whose program was told that the host is stopped, or that it runs."""
    props: dict[str, Any] = {"instance_id": host, resource.STOPPED: told}
    resource.start_if_stopped(props, Access("us-east-1"))


def test_a_host_that_was_started_meanwhile_is_not_waited_for(
    ec2: EC2Client, capsys: pytest.CaptureFixture[str]
) -> None:
    """The provider starts a stopped one when it has changed its type."""
    host = instance(ec2)
    started(host, "User initiated")
    assert state(ec2, host) == "running"
    assert capsys.readouterr().out == ""


def test_a_host_that_was_stopped_meanwhile_is_started(ec2: EC2Client, capsys: pytest.CaptureFixture[str]) -> None:
    """As by an exchange of volumes that was cut off before the second was attached."""
    host = instance(ec2)
    ec2.stop_instances(InstanceIds=[host])
    started(host, "")
    assert state(ec2, host) == "running"
    assert capsys.readouterr().out == f"{host} is stopped; starting it\n"


def test_a_host_that_is_gone_is_a_clear_error(ec2: EC2Client) -> None:
    """Nothing starts what is terminated."""
    host = instance(ec2)
    ec2.terminate_instances(InstanceIds=[host])
    with pytest.raises(CloudRefused):
        power.see_running(Access("us-east-1"), host, print)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("InsufficientInstanceCapacity", NoCapacity),
        ("VcpuLimitExceeded", NoCapacity),
        ("UnauthorizedOperation", CloudRefused),
    ],
)
def test_no_machine_to_be_had_is_nobodys_fault(ec2: EC2Client, code: str, error: type[CloudError]) -> None:
    """Who asks is in order then: what is told is how to go on."""
    host = instance(ec2)
    ec2.stop_instances(InstanceIds=[host])
    access = Access("us-east-1")

    def refused(**_: object) -> tuple[AWSResponse, dict[str, Any]]:
        told = {"Code": code, "Message": "We do not have sufficient"}
        return AWSResponse("", 400, HTTPHeaders(), None), {"Error": told}

    access.ec2.meta.events.register("before-call.ec2.StartInstances", refused)  # type: ignore[arg-type]
    with pytest.raises(error, match="We do not have sufficient") as caught:
        power.see_running(access, host, print)
    assert ("snapshot restore --zone" in caught.value.advice) == (error is NoCapacity)
    assert state(ec2, host) == "stopped"
