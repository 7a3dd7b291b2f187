"""``zagent cloud snapshot restore``: the stack's volume, made of a snapshot, in the zone that is wanted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from infra import tags
from infra.account import caller, origin, snapshots, types, volumes
from infra.account.access import answered
from infra.account.snapshots import Snapshot
from infra.account.volumes import Volume
from infra.errors import NoSnapshot, RestoreRefused, TypeNotOffered, VolumeRefused
from infra.lookup.limits import BASE_IOPS, NEW_THROUGHPUT, require_performance
from infra.lookup.volume import blank, newest, require_owner, require_usable, the_one
from infra.operations import taking
from infra.operations.taking import Say
from infra.settings import NEW_VOLUME_GIB, Settings

LOOKS = 700
"""How often a new volume is looked at until it is given up: about an hour."""


@dataclass(frozen=True)
class Disk:
    """Size in GiB, throughput in MiB/s and IOPS of a new gp3 volume."""

    size: int
    throughput: int
    iops: int


@dataclass(frozen=True)
class Plan:
    """What a restore does.

    ``old`` is the stack's living volume, which goes on as nobody's; ``snapshot`` is None where a fresh one of it is to
    be taken first. ``begun`` are volumes that interrupted restores made: what was written since is not on them, so they
    become nobody's, too. ``disk`` is what the new one is like.
    """

    settings: Settings
    zone: str
    owner: str
    old: Volume | None = None
    snapshot: Snapshot | None = None
    begun: tuple[Volume, ...] = ()
    disk: Disk = field(kw_only=True)


@dataclass(frozen=True)
class Restored:
    """The stack's volume now, and the one whose place it took, if there was one."""

    volume: str
    zone: str
    replaced: str = ""


def plan(settings: Settings, zone: str, snapshot_id: str = "") -> Plan:
    """What would be done; nothing is.

    Raises:
        TypeNotOffered, NotYours, ManyVolumes, RestoreRefused, VolumeRefused, NoSnapshot, SnapshotNotYours: what stands
            against it.
    """
    access, owner = settings.access, caller.caller(settings.access).owner
    _require_offered(settings, zone)
    living = volumes.with_tags(access, settings.own_tags)
    named = _named(settings, living, zone) if settings.volume_id else None
    begun = _begun(living, named)
    for one in begun:
        require_owner(one, owner)
        _require_free(one, zone)
    old = named or _tagged(settings, [one for one in living if one not in begun], owner)
    if old:
        _require_free(old, zone)
        _require_data(old, zone)
    source = _source(settings, zone, snapshot_id, old, owner)
    return Plan(settings, zone, owner, old, source, begun, disk=disk(settings, old, source))


def _source(settings: Settings, zone: str, snapshot_id: str, old: Volume | None, owner: str) -> Snapshot | None:
    """The one that is named, else a fresh one (None), else the newest."""
    access = settings.access
    if snapshot_id:
        return require_usable(snapshot_id, snapshots.with_id(access, snapshot_id))
    if old and old.zone == zone:
        raise RestoreRefused(zone=zone, why=f"{old.id} is there already", hint="pulumi up   adopts it")
    if old:
        return None
    found = newest(snapshots.with_tags(access, settings.own_tags), owner)
    if found is None:
        raise NoSnapshot(snapshot="of this stack", why="there is none, and no volume to take one of")
    return found


def disk(settings: Settings, old: Volume | None, source: Snapshot | None) -> Disk:
    """As configured, else as the old one, else as any new one. Pure.

    Raises:
        VolumeRefused: smaller than what it has to hold, or more than gp3 gives.
    """
    least = max(old.size if old and not source else 0, source.size if source else 0)
    if 0 < settings.volume_size_gib < least:
        why = f"what it is made of holds {least} GiB"
        raise VolumeRefused(wanted=f"{settings.volume_size_gib} GiB", key="SizeGib", why=why, number=least)
    size = settings.volume_size_gib or max(old.size if old else NEW_VOLUME_GIB, least)
    alike = old if old and old.kind == "gp3" else None
    throughput = settings.volume_throughput or (alike.throughput if alike else NEW_THROUGHPUT)
    iops = settings.volume_iops or (alike.iops if alike else BASE_IOPS)
    wanted = replace(settings, volume_size_gib=size, volume_throughput=throughput, volume_iops=iops)
    require_performance(wanted, blank("as a new one"))
    return Disk(size, throughput, iops)


def _require_offered(settings: Settings, zone: str) -> None:
    offered = types.zones_offering(settings.access, settings.instance_type)
    if zone not in offered:
        hint = "name one of those with --zone, or another type: pulumi config set instanceType TYPE"
        found = ", ".join(offered) or "no zone of this region"
        raise TypeNotOffered(instance_type=settings.instance_type, where=zone, zones=found, hint=hint)


def _named(settings: Settings, living: list[Volume], zone: str) -> Volume:
    """The one that ``volumeId`` names, whoever made it and however many others there are; it must be the stack's."""
    named = settings.volume_id
    if found := next((one for one in living if one.id == named), None):
        return found
    why, hint = "is no volume of this stack", "pulumi config rm volumeId   or let `pulumi up` adopt it first"
    if took := next((one.id for one in living if one.tags.get(tags.REPLACES) == named), ""):
        why, hint = f"lost its place to {took}", f"pulumi config set volumeId {took}"
    raise RestoreRefused(zone=zone, why=f"volumeId names {named}, which {why}", hint=hint)


def _begun(living: list[Volume], named: Volume | None) -> tuple[Volume, ...]:
    """What interrupted restores left: volumes in the place of one that still is the stack's, and is meant."""
    ids = {named.id} if named else {one.id for one in living}
    return tuple(one for one in living if one.tags.get(tags.REPLACES) in ids)


def _tagged(settings: Settings, living: list[Volume], owner: str) -> Volume | None:
    old = the_one(settings, living)
    if old:
        require_owner(old, owner)
    return old


def _require_data(old: Volume, zone: str) -> None:
    """A copy of what was never formatted never would be: what is made of a snapshot counts as data.

    Only of what `pulumi up` made itself, which has its maker's tag, it is known whether it was formatted.
    """
    if old.owner and not old.snapshot and not old.tags.get(tags.FORMAT):
        hint = f"zagent cloud volume purge {old.id}; pulumi config set availabilityZone {zone}; pulumi up"
        raise RestoreRefused(zone=zone, why=f"nothing was ever on {old.id}", hint=hint)


def _require_free(volume: Volume, zone: str) -> None:
    if volume.attached_to:
        why = f"{volume.id} is attached to {', '.join(volume.attached_to)}, and what is written now would be lost"
        raise RestoreRefused(zone=zone, why=why, hint="pulumi destroy   keeps the volume; then restore")


def carry_out(plan: Plan, say: Say) -> Restored:
    """Do it. Interrupted anywhere and planned anew, it ends with one volume that is the stack's; none is deleted.

    Raises:
        SnapshotFailed: nothing was replaced.
        RestoreRefused: the old volume was put to use meanwhile; it is the stack's as before.
        CloudRefused: AWS does not answer, or refuses.
    """
    access = plan.settings.access
    for one in plan.begun:
        _let_go(plan, one.id)
    made = _make(plan, plan.snapshot or _fresh(plan, say))
    say(f"{made}: the volume in {plan.zone}")
    with answered():
        available = access.ec2.get_waiter("volume_available")
        available.wait(VolumeIds=[made], WaiterConfig={"Delay": taking.PAUSE, "MaxAttempts": LOOKS})
    if plan.old:
        _require_as_before(plan, plan.old, made)
        _let_go(plan, plan.old.id)
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
        "Size": max(plan.disk.size, source.size),
        "VolumeType": "gp3",
        "Throughput": plan.disk.throughput,
        "Iops": plan.disk.iops,
        "Encrypted": True,
        "TagSpecifications": [{"ResourceType": "volume", "Tags": tags.listed(_tags(plan, source))}],
    }
    if key := settings.kms_key_arn or (old.key if old else ""):
        asked["KmsKeyId"] = key
    with answered():
        return settings.access.ec2.create_volume(**asked)["VolumeId"]


def _tags(plan: Plan, source: Snapshot) -> dict[str, str]:
    # What is neither the stack's nor the owner's gets no note of a host here: the first host takes it for a stranger's.
    is_own = source.owner == plan.owner or bool(plan.old and source.volume == plan.old.id)
    formatted = {tags.FORMAT: source.tags[tags.FORMAT]} if is_own and tags.FORMAT in source.tags else {}
    replaces = {tags.REPLACES: plan.old.id} if plan.old else {}
    made_of = {tags.MADE_OF: origin.noted(source)} if source.volume != origin.NO_VOLUME else {}
    return {**plan.settings.volume_tags(plan.owner), **formatted, **replaces, **made_of}


def _require_as_before(plan: Plan, old: Volume, made: str) -> None:
    """Minutes or hours went by: whoever uses the old volume now writes what is not on the new one.

    Raises:
        RestoreRefused: it is in use, or changed; the new one is given up.
    """
    if volumes.with_id(plan.settings.access, old.id) == old:
        return
    _let_go(plan, made)
    hint = f"pulumi destroy   and restore again; `zagent cloud volume purge {made}` deletes what was made"
    raise RestoreRefused(zone=plan.zone, why=f"{old.id} was put to use, or changed, meanwhile", hint=hint)


def _let_go(plan: Plan, volume_id: str) -> None:
    """A volume stays, and is no stack's any more. Noted first whose it was, so that it can be purged."""
    ec2, own = plan.settings.access.ec2, (tags.SNAPSHOTS, tags.PROJECT, tags.STACK)
    with answered():
        ec2.create_tags(Resources=[volume_id], Tags=tags.listed({tags.FORMER: plan.settings.target}))
        ec2.delete_tags(Resources=[volume_id], Tags=[{"Key": one} for one in own])
