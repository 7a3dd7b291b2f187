"""A host that somebody stopped is started: `pulumi up` wants it to run."""

from __future__ import annotations

from infra.account import hosts
from infra.account.access import Access, answered
from infra.bootstrap.ssh.host import OnLine


def see_running(access: Access, instance_id: str, say: OnLine) -> None:
    """Start an instance if it is stopped, and wait until it runs; one that is on its way down is waited for first.

    AWS is asked how it is: a change of its type has started it since the program ran, a volume that was taken off it
    has stopped it.

    Raises:
        CloudRefused: AWS has no capacity for it now, does not answer, or has no such instance.
    """
    if any(one.stopped for one in hosts.with_ids(access, (instance_id,))):
        say(f"{instance_id} is stopped; starting it")
        with answered():
            access.ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance_id])
            access.ec2.start_instances(InstanceIds=[instance_id])
    with answered():
        access.ec2.get_waiter("instance_running").wait(InstanceIds=[instance_id])
