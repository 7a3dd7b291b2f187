"""A host that somebody stopped is started: `pulumi up` wants it to run."""

from __future__ import annotations

from infra.account.access import Access, answered
from infra.bootstrap.ssh.host import OnLine


def start(access: Access, instance_id: str, say: OnLine) -> None:
    """Start an instance and wait until it runs; one that is on its way down is waited for first.

    Raises:
        CloudRefused: AWS has no capacity for it now, or does not answer.
    """
    say(f"{instance_id} is stopped; starting it")
    with answered():
        access.ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance_id])
        access.ec2.start_instances(InstanceIds=[instance_id])
        access.ec2.get_waiter("instance_running").wait(InstanceIds=[instance_id])
