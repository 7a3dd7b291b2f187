"""``zagent cloud snapshot restore``: the stack's volume, made of a snapshot, in the zone that is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from infra import tags
from infra.account import caller, snapshots, types, volumes
from infra.account.access import answered
from infra.account.snapshots import Snapshot
from infra.account.volumes import Volume
from infra.errors import ManyVolumes, NoSnapshot, NotYours, RestoreRefused, TypeNotOffered
from infra.lookup.limits import BASE_IOPS, NEW_THROUGHPUT
from infra.lookup.volume import newest, require_usable
from infra.operations import taking
from infra.operations.taking import Say
from infra.settings import NEW_VOLUME_GIB, Settings

LOOKS = 700
"""How often a new volume is looked at until it is given up: about an hour."""


@dataclass(frozen=True)
class Plan:
    """What a restore does.

    ``old`` is the stack's living volume, which goes on as nobody's; ``snapshot`` is None where a fresh one of it is to
    be taken first; ``begun`` is the volume that an interrupted restore has made already.
    """

    settings: Settings
    zone: str
    owner: str
    old: Volume | None = None
    snapshot: Snapshot | None = None
    begun: Volume | None = None


@dataclass(frozen=True)
class Restored:
    """The stack's volume now, and the one whose place it took, if there was one."""

    volume: str
    zone: str
    replaced: str = ""


def plan(settings: Settings, zone: str, snapshot_id: str = "") -> Plan:
    """What would be done; nothing is.

    Raises:
        TypeNotOffered, NotYours, ManyVolumes, RestoreRefused, NoSnapshot, SnapshotNotYours: what stands against it.
    """
    access, owner = settings.access, caller.caller(settings.access).owner
    _require_offered(settings, zone)
    living = volumes.with_tags(access, settings.own_tags)
    begun = _begun(living, zone)
    old = _old(settings, [one for one in living if one != begun], owner, zone)
    if begun:
        return Plan(settings, zone, owner, old, begun=begun)
    if snapshot_id:
        named = require_usable(snapshot_id, snapshots.with_id(access, snapshot_id))
        return Plan(settings, zone, owner, old, named)
    if old and old.zone == zone:
        raise RestoreRefused(zone=zone, why=f"{old.id} is there already", hint="pulumi up   adopts it")
    if old:
        return Plan(settings, zone, owner, old)
    found = newest(snapshots.with_tags(access, settings.own_tags), owner)
    if found is None:
        raise NoSnapshot(snapshot="of this stack", why="there is none, and no volume to take one of")
    return Plan(settings, zone, owner, None, found)


def _require_offered(settings: Settings, zone: str) -> None:
    offered = types.zones_offering(settings.access, settings.instance_type)
    if zone not in offered:
        hint = "name one of those with --zone, or another type: pulumi config set instanceType TYPE"
        found = ", ".join(offered) or "no zone of this region"
        raise TypeNotOffered(instance_type=settings.instance_type, where=zone, zones=found, hint=hint)


def _begun(living: list[Volume], zone: str) -> Volume | None:
    """What an interrupted restore into this zone left: a volume in the place of one that still is the stack's."""
    ids = {one.id for one in living}
    return next((one for one in living if one.zone == zone and one.tags.get(tags.REPLACES) in ids), None)


def _old(settings: Settings, living: list[Volume], owner: str, zone: str) -> Volume | None:
    if not living:
        return None
    if len(living) > 1:
        ids = ", ".join(one.id for one in living)
        raise ManyVolumes(project=settings.project, stack=settings.stack, volumes=ids)
    old = living[0]
    if old.owner != owner:
        raise NotYours(volume=old.id, whose=f"was made by {old.owner or 'nobody knows whom'}", you=owner)
    if old.attached_to:
        why = f"{old.id} is attached to {', '.join(old.attached_to)}, and what is written now would be lost"
        raise RestoreRefused(zone=zone, why=why, hint="pulumi destroy   keeps the volume; then restore")
    return old


def carry_out(plan: Plan, say: Say) -> Restored:
    """Do it. Interrupted anywhere and planned anew, it ends with one volume that is the stack's; none is deleted.

    Raises:
        SnapshotFailed: nothing was replaced.
        CloudRefused: AWS does not answer, or refuses.
    """
    access = plan.settings.access
    made = plan.begun.id if plan.begun else _make(plan, plan.snapshot or _fresh(plan, say))
    say(f"{made}: the volume in {plan.zone}")
    with answered():
        available = access.ec2.get_waiter("volume_available")
        available.wait(VolumeIds=[made], WaiterConfig={"Delay": taking.PAUSE, "MaxAttempts": LOOKS})
    if plan.old:
        _replace(plan, plan.old)
    return Restored(made, plan.zone, plan.old.id if plan.old else "")


def _fresh(plan: Plan, say: Say) -> Snapshot:
    """So that nothing that was written is lost."""
    if plan.old is None:
        raise ValueError("a plan without a snapshot has a volume to take one of")
    return taking.take(plan.settings.access, plan.old, plan.old.tags, say)


def _make(plan: Plan, source: Snapshot) -> str:
    """With all its tags from the first moment: whatever comes after it finds it."""
    settings, old = plan.settings, plan.old
    asked: dict[str, Any] = {
        "AvailabilityZone": plan.zone,
        "SnapshotId": source.id,
        "Size": max(settings.volume_size_gib or (old.size if old else NEW_VOLUME_GIB), source.size),
        "VolumeType": "gp3",
        "Throughput": settings.volume_throughput or (old.throughput if old else 0) or NEW_THROUGHPUT,
        "Iops": max(settings.volume_iops or (old.iops if old else 0), BASE_IOPS),
        "Encrypted": True,
        "TagSpecifications": [{"ResourceType": "volume", "Tags": tags.listed(_tags(plan, source))}],
    }
    if key := settings.kms_key_arn or (old.key if old else ""):
        asked["KmsKeyId"] = key
    with answered():
        return settings.access.ec2.create_volume(**asked)["VolumeId"]


def _tags(plan: Plan, source: Snapshot) -> dict[str, str]:
    settings = plan.settings
    own = {tags.OWNER: plan.owner, tags.SNAPSHOTS: settings.target, "Name": f"{settings.name}-data"}
    formatted = {tags.FORMAT: source.tags[tags.FORMAT]} if tags.FORMAT in source.tags else {}
    replaces = {tags.REPLACES: plan.old.id} if plan.old else {}
    return {**settings.tags, **own, **formatted, **replaces}


def _replace(plan: Plan, old: Volume) -> None:
    """The old volume stays, and is no stack's any more. Noted first whose it was, so that it can be purged."""
    ec2 = plan.settings.access.ec2
    with answered():
        ec2.create_tags(Resources=[old.id], Tags=tags.listed({tags.FORMER: plan.settings.target}))
        ec2.delete_tags(Resources=[old.id], Tags=[{"Key": one} for one in (tags.SNAPSHOTS, tags.PROJECT, tags.STACK)])
