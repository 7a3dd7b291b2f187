"""Asks, decides and refuses, in that order; what is found is all that the components need to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from infra import tags
from infra.account import caller as callers
from infra.account import hosts, images, policies, quotas, sessions, snapshots, types, volumes
from infra.account.caller import Caller
from infra.account.hosts import Host
from infra.account.snapshots import Snapshot
from infra.account.types import InstanceType
from infra.account.volumes import Volume
from infra.errors import NoImage, TypeNotOffered, VolumeGone
from infra.lookup import limits, login, zone
from infra.lookup.known import Known
from infra.lookup.volume import (
    AUTO,
    BLANK,
    Choice,
    adopted,
    blank,
    newest,
    require_free,
    require_own,
    require_usable,
    restored,
    tagged,
)
from infra.settings import Settings

NOT_THERE = "AWS has no such volume"


@dataclass(frozen=True)
class Found:
    """What the cloud has and what was decided.

    ``size`` is the volume's in GiB. ``policy`` and ``root_policy`` are the ids of snapshot policies that are there
    already. ``stopped`` is why the host is stopped, or will be when the bootstrap comes to it; empty while it runs.
    ``offered`` are the zones with the host's type.
    """

    caller: Caller
    choice: Choice
    size: int
    zone: str
    image: str
    policy: str
    root_policy: str
    stopped: str
    offered: Sequence[str]
    warnings: Sequence[str]


def look(settings: Settings, known: Known) -> Found:
    """Everything that must be known before anything is declared.

    Raises:
        CloudError, HostError, AdoptionError, SnapshotError: what stands against it; nothing was made.
    """
    if not settings.has_address:
        sessions.require_tools()
    access = settings.access
    caller = callers.caller(access)
    choice = _choice(settings, known, caller.owner)
    size = limits.size(settings, choice)
    limits.require_performance(settings, choice)
    instance_type = _type(settings)
    offered = types.zones_offering(access, settings.instance_type)
    where = zone.chosen(settings, choice.volume, offered)
    host = next(iter(hosts.with_ids(access, (known.instance,) if known.instance else ())), None)
    if host:
        login.require_same(settings.ssh_private_key_file, known.login, host.id)
    if host is None or host.instance_type != settings.instance_type:
        quota = quotas.code_of(settings.instance_type)
        limits.require_quota(instance_type, quota, quotas.vcpus(access, quota))
    return Found(
        caller=caller,
        choice=choice,
        size=size,
        zone=where,
        image=_image(settings),
        policy=_policy(settings, settings.target),
        root_policy=_policy(settings, settings.root_target) if settings.snapshot_root else "",
        stopped=_stopped(host) or _exchanged(host, known, choice),
        offered=offered,
        warnings=list(limits.warnings(settings, choice, instance_type)),
    )


def _choice(settings: Settings, known: Known, owner: str) -> Choice:
    living = _living(settings, known, owner)
    if living and living.volume:
        strangers = tuple(one for one in living.volume.attached_to if one != known.instance)
        holders = hosts.with_ids(settings.access, strangers)
        require_free(settings, living.volume, known.instance, holders)
    return living or _made(settings, owner)


def _living(settings: Settings, known: Known, owner: str) -> Choice | None:
    access = settings.access
    if settings.volume_id:
        named = volumes.with_id(access, settings.volume_id)
        if named is None:
            hint = "pulumi config rm volumeId"
            raise VolumeGone(volume=settings.volume_id, where="volumeId", why=NOT_THERE, hint=hint)
        require_own(settings, named)
        return adopted(named, "named by volumeId")
    if known.volume:
        kept = volumes.with_id(access, known.volume)
        return adopted(_kept(settings, known.volume, kept), "this stack's own")
    found = tagged(settings, volumes.with_tags(access, settings.own_tags), owner)
    return adopted(found, "found by its tags") if found else None


def _kept(settings: Settings, known: str, kept: Volume | None) -> Volume:
    """The state's volume, if it is there and still is the stack's: a restore may have made another."""
    if kept is None:
        hint = f"pulumi refresh   and then `pulumi up`, which {_instead(settings)}"
        raise VolumeGone(volume=known, where="Pulumi's state", why=NOT_THERE, hint=hint)
    if kept.tags.get(tags.FORMER) == settings.target and not settings.owns(kept.tags):
        hint = "pulumi destroy --refresh   keeps both; then `pulumi up`, which adopts the restored one"
        raise VolumeGone(volume=known, where="Pulumi's state", why="a restored one took its place", hint=hint)
    return kept


def _instead(settings: Settings) -> str:
    """What becomes of a stack whose volume is lost."""
    if settings.restore == AUTO:
        return "restores the newest snapshot if there is one"
    return f"makes one as restore says: {settings.restore}; pulumi config set restore auto   takes the newest snapshot"


def _made(settings: Settings, owner: str) -> Choice:
    if settings.restore == BLANK:
        return blank("restore is blank")
    if settings.restore != AUTO:
        named = snapshots.with_id(settings.access, settings.restore)
        return restored(require_usable(settings.restore, named), "named by restore")
    there = snapshots.with_tags(settings.access, settings.own_tags)
    found = newest(there, owner)
    return restored(found, "the newest") if found else blank(_none_of(there))


def _none_of(there: Sequence[Snapshot]) -> str:
    if not there:
        return "no volume or snapshot carries this stack's tags"
    usable = next((one.id for one in there if one.completed), "")
    if not usable:
        return f"no snapshot of this stack is completed; the newest, {there[0].id}, is {there[0].state}"
    return f"no snapshot is completed and of a volume not purged; `restore` can name one, such as {usable}"


def _type(settings: Settings) -> InstanceType:
    found = types.named(settings.access, settings.instance_type)
    if found is None:
        hint = "pulumi config set instanceType TYPE   one that `aws ec2 describe-instance-types` knows"
        raise TypeNotOffered(
            instance_type=settings.instance_type, where="this region", zones="no zone of it", hint=hint
        )
    return found


def _image(settings: Settings) -> str:
    found = settings.ami_id or images.current(settings.access)
    if not found:
        raise NoImage(region=settings.access.region_name, parameter=images.PARAMETER)
    return found


def _policy(settings: Settings, target: str) -> str:
    found = policies.with_target(settings.access, tags.SNAPSHOTS, target)
    return found[0].id if found else ""


def _stopped(host: Host | None) -> str:
    return (host.why or host.state) if host and host.stopped else ""


def _exchanged(host: Host | None, known: Known, choice: Choice) -> str:
    """A host lets its volume go only while it is stopped, and nothing else starts it again."""
    another = choice.volume and choice.volume.id != known.volume
    return "it gives its data volume back for another" if host and known.volume and another else ""
