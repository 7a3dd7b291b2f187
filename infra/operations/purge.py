"""``zagent cloud volume purge``: the only road on which a data volume is deleted."""

from __future__ import annotations

from collections.abc import Mapping

from infra import tags
from infra.account import caller, volumes
from infra.account.access import Access, answered
from infra.account.snapshots import FINAL, Snapshot
from infra.account.volumes import Volume
from infra.errors import CloudRefused, PurgeRefused
from infra.operations import taking
from infra.operations.taking import Say
from infra.settings import Settings

LOOK = "zagent cloud volume ls   shows what there is"


def require(settings: Settings, volume_id: str, *, unowned: bool = False) -> Volume:
    """The volume, if it may be deleted; ``unowned`` says that whoever asks may delete one that names no owner.

    Raises:
        PurgeRefused: clauses 1 to 3 of the contract below do not hold.
    """
    found = volumes.with_id(settings.access, volume_id)
    if found is None:
        raise PurgeRefused(volume=volume_id, why="AWS has no such volume", hint=LOOK)
    if not _ours(settings, found):
        raise PurgeRefused(volume=volume_id, why=f"it belongs to {found.stack or 'no stack'}", hint=LOOK)
    you = caller.caller(settings.access).owner
    if found.owner != you and (found.owner or not unowned):
        # Never to set the owner's tag: it would count as made here, and what is made here may be formatted.
        claim = f"zagent cloud volume purge {volume_id} --stack {settings.stack} --unowned   if it is yours"
        hint = LOOK if found.owner else claim
        raise PurgeRefused(volume=volume_id, why=f"it is {found.owner or 'nobody'}'s; you are {you}", hint=hint)
    if found.attached_to:
        why = f"it is attached to {', '.join(found.attached_to)}"
        raise PurgeRefused(volume=volume_id, why=why, hint="pulumi destroy   and then purge it")
    return found


def _ours(settings: Settings, volume: Volume) -> bool:
    return settings.owns(volume.tags) or (not volume.stack and volume.tags.get(tags.FORMER) == settings.target)


def purge(settings: Settings, volume_id: str, say: Say, *, unowned: bool = False) -> Snapshot:
    """Take a last snapshot of a volume, and delete the volume; the snapshot. ``unowned``: see ``require``.

    Raises:
        PurgeRefused: it may not be deleted.
        SnapshotFailed: its last snapshot is not completed; the volume is as before.
        CloudRefused: AWS does not answer, or refuses.
    """
    found, access = require(settings, volume_id, unowned=unowned), settings.access
    # With the volume's own tags: what a volume was that lost its place must not become its stack's newest snapshot.
    last = taking.take(access, found, found.tags, say)
    # Safety contract: the volume is deleted ONLY if
    #   1. its tags say that it is this stack's, or was until a restore took its place; never another stack's,
    #   2. its owner's tag names whoever asks; or it has none, and they say that it is theirs,
    #   3. it is attached to nothing,
    #   4. a snapshot of it, begun after all this was seen, is completed,
    #   5. and then 1 to 3 still hold, and the volume is the one that was snapshotted, tag for tag.
    if require(settings, volume_id, unowned=unowned) != found:
        raise PurgeRefused(volume=volume_id, why="it changed meanwhile", hint="run the same command again")
    marks = {name: one for name, one in (settings.own_tags | {tags.KIND: FINAL}).items() if name not in found.tags}
    with answered():
        # From now on the volume counts as purged: none of its snapshots is restored unless it is named.
        access.ec2.create_tags(Resources=[last.id], Tags=tags.listed(marks))
    try:
        with answered("InvalidVolume.NotFound"):  # a request that was repeated finds its work done
            access.ec2.delete_volume(VolumeId=volume_id)
    except CloudRefused:
        _take_back(settings.access, volume_id, last, marks)
        raise
    return last


def _take_back(access: Access, volume_id: str, last: Snapshot, marks: Mapping[str, str]) -> None:
    """A volume that lives on does not count as purged."""
    if volumes.with_id(access, volume_id):
        with answered():
            access.ec2.delete_tags(Resources=[last.id], Tags=[{"Key": one} for one in marks])
