"""What a person should do next, from what there is of a stack. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from infra import tags
from infra.account.hosts import Host
from infra.account.policies import ENABLED, ERROR, Plan, Policy
from infra.account.snapshots import VERIFIED
from infra.account.volumes import Volume
from infra.bootstrap.permission import parse
from infra.lookup.volume import newest
from infra.operations.status import Status

STALE = timedelta(days=2)
"""A daily snapshot that is older was followed by none on the next day."""


def lines(status: Status, now: datetime) -> list[str]:
    """One line each, the most urgent first; none where all is as it should be."""
    if status.nothing:
        return ["pulumi up   makes a host and a data volume"]
    return [*_volumes(status), *_hosts(status), *_attachment(status), *_policy(status), *_snapshots(status, now)]


def _volumes(status: Status) -> Iterator[str]:
    settings, ids = status.settings, [one.id for one in status.volumes]
    if settings.volume_id and settings.volume_id not in ids:
        yield f"pulumi config rm volumeId   {settings.volume_id}, which it names, is not in AWS any more"
    elif status.volume and status.volume.stack not in ("", f"{settings.project}/{settings.stack}"):
        yield f"pulumi config rm volumeId   {status.volume.id}, which it names, belongs to {status.volume.stack}"
    elif ids and not status.volume:
        both = f"{' and '.join(ids)} carry the tags of {settings.project}/{settings.stack}"
        yield f"pulumi config set volumeId VOL_ID   of the one that is meant: {both}"
    if not status.hosts and status.volume and status.volume.owner != status.you and not settings.volume_id:
        whose = f"was made by {status.volume.owner}" if status.volume.owner else "does not say who made it"
        yield f"pulumi config set volumeId {status.volume.id}   if it is yours to use: it {whose}; you are {status.you}"


def _hosts(status: Status) -> Iterator[str]:
    if not status.hosts:
        yield f"pulumi up --refresh   makes a host; there is none. {_its_volume(status)}"
    if len(status.hosts) > 1:
        ids = " and ".join(one.id for one in status.hosts)
        yield (
            "aws ec2 terminate-instances --instance-ids ID   of the one that `pulumi stack output instance_id` does "
            f"not name: {ids} carry the tags of one stack"
        )
    for one in status.hosts:
        yield from _host(status, one)


def _its_volume(status: Status) -> str:
    if status.volumes:
        return "The data volume is kept"
    usable = newest([one for one in status.snapshots if one.owner == status.you], status.you)
    return "There is no data volume, " + (
        f"but {usable.id} to make one of" if usable else "and no snapshot to make one of"
    )


def _host(status: Status, host: Host) -> Iterator[str]:
    if host.stopped:
        yield f"pulumi up   starts {host.id}, which is {host.state}"
    elif host.state == "running" and not status.login(host):
        yield f"pulumi up --refresh   gives {host.id} its address back"


def _attachment(status: Status) -> Iterator[str]:
    volume, own = status.volume, [one.id for one in status.hosts]
    running = [one.id for one in status.hosts if one.state == "running"]
    if volume is None:
        return
    for one in volume.attached_to:
        if one not in own:
            yield (
                f"aws ec2 detach-volume --volume-id {volume.id}   once nothing on {one} uses it, which is no host of "
                "this stack"
            )
    if running and not volume.attached_to:
        yield f"pulumi up --refresh   attaches {volume.id} to {running[0]}"
    elif set(running) & set(volume.attached_to) and _unformatted(volume):
        yield f"zagent cloud converge {status.settings.stack}   formats {volume.id} if it is blank, and mounts it"


def _unformatted(volume: Volume) -> bool:
    return parse(volume.tags.get(tags.FORMAT, ""))[0] != "done" and not volume.snapshot


def _policy(status: Status) -> Iterator[str]:
    volume, policy = status.volume, status.policy
    if volume and not policy:
        yield f"pulumi up --refresh   makes a policy; none takes snapshots of {volume.id}"
    if policy:
        yield from _state(policy, status.plan, "")
    if volume and policy and volume.tags.get(tags.SNAPSHOTS) != status.settings.target:
        wanted = f"{tags.SNAPSHOTS}={status.settings.target}"
        yield f"pulumi up --refresh   gives {volume.id} the tag {wanted}, without which {policy.id} passes it over"
    if status.root_policy:
        yield from _state(status.root_policy, status.root_plan, " of the system disk")
    elif status.settings.snapshot_root:
        yield "pulumi up --refresh   makes a policy for the system disk; snapshotRoot asks for one"


def _state(policy: Policy, plan: Plan | None, of: str) -> Iterator[str]:
    why = f"takes no snapshots{of}"
    why += f": {plan.message}" if plan and plan.message not in ("", policy.state) else ""
    if policy.state == ERROR:
        yield f"pulumi up --refresh   puts {policy.id} right, which is in ERROR and {why}"
    elif policy.state != ENABLED:
        yield f"pulumi up --refresh   enables {policy.id}, which is {policy.state} and {why}"


def _snapshots(status: Status, now: datetime) -> Iterator[str]:
    usable = [one for one in status.snapshots if one.completed]
    if not status.volumes:
        return
    if not usable:
        yield "no snapshot yet   the data is on the volume alone" + _coming(status)
        return
    if status.plan and now - max(usable[0].started, status.plan.since) > STALE:
        yield (
            f"zagent cloud snapshot ls   the newest, {usable[0].id}, is {age(usable[0].started, now)} old, though "
            "there is a policy"
        )
    if not any(one.kind == VERIFIED for one in usable):
        yield "zagent cloud snapshot now   no verified snapshot yet: none was taken right after the weights were proven"


def _coming(status: Status) -> str:
    if begun := [one.id for one in status.snapshots if one.state == "pending"]:
        return f" until {begun[0]} is completed"
    works = status.policy and status.policy.state == ENABLED and status.plan and status.plan.schedules
    times = status.plan.schedules[0].times if works and status.plan else ()
    return f"; the policy takes the first at {times[0]} UTC" if times else ""


def age(since: datetime, now: datetime) -> str:
    """How long ago, in one unit that says enough: 5 min, 7 h, 3 days."""
    minutes = max(0, int((now - since).total_seconds() // 60))
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 60 // 24} days"
