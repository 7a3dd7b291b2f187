"""A host that somebody stopped is started: `pulumi up` wants it to run."""

from __future__ import annotations

from botocore.exceptions import ClientError

from infra.account import hosts
from infra.account.access import Access, answered
from infra.bootstrap.ssh.host import OnLine
from infra.errors import NoCapacity

LACKS = ("InsufficientInstanceCapacity", "VcpuLimitExceeded")
"""EC2's words for a machine that it can't give now; with those who asked, nothing is wrong."""


def see_running(access: Access, instance_id: str, say: OnLine) -> None:
    """Start an instance if it is stopped, and wait until it runs; one that is on its way down is waited for first.

    AWS is asked how it is: a change of its type has started it since the program ran, a volume that was taken off it
    has stopped it.

    Raises:
        NoCapacity: AWS has no such machine free now.
        CloudRefused: AWS does not answer, or has no such instance.
    """
    if any(one.stopped for one in hosts.with_ids(access, (instance_id,))):
        say(f"{instance_id} is stopped; starting it")
        with answered():
            access.ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance_id])
            _start(access, instance_id)
    with answered():
        access.ec2.get_waiter("instance_running").wait(InstanceIds=[instance_id])


def _start(access: Access, instance_id: str) -> None:
    try:
        access.ec2.start_instances(InstanceIds=[instance_id])
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in LACKS:
            raise NoCapacity(instance=instance_id, why=error) from error
        raise
