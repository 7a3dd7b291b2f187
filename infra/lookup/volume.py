"""Which data volume: the living one, else one made of a snapshot, else a blank one. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zagent import text

from infra import tags
from infra.account.hosts import Host
from infra.account.snapshots import FINAL, OTHER, Snapshot
from infra.account.volumes import Volume
from infra.errors import (
    HostLeftBehind,
    ManyVolumes,
    NoSnapshot,
    NotYours,
    OtherStack,
    SnapshotNotYours,
    VolumeAlive,
    VolumeInUse,
)
from infra.settings import Settings

AUTO, BLANK = "auto", "blank"


@dataclass(frozen=True)
class Choice:
    """What to declare: a volume to adopt, a snapshot to make one of, or neither: a blank one; and why, in words."""

    volume: Volume | None
    snapshot: Snapshot | None
    why: str


def tagged(settings: Settings, found: Sequence[Volume], owner: str) -> Volume | None:
    """The one living volume that carries the stack's tags and whose owner asks; None when there is none.

    Raises:
        ManyVolumes: nothing tells which is meant.
        NotYours: somebody else made it, or nobody knows who.
        VolumeAlive: the configuration wants another one made.
    """
    volume = the_one(settings, found)
    if volume is None:
        return None
    require_owner(volume, owner)
    if settings.restore not in (AUTO, volume.snapshot):
        raise VolumeAlive(restore=settings.restore, volume=volume.id)
    return volume


def the_one(settings: Settings, found: Sequence[Volume]) -> Volume | None:
    """The only one of them; None when there is none.

    Raises:
        ManyVolumes: nothing tells which is meant.
    """
    if len(found) > 1:
        ids = ", ".join(one.id for one in found)
        raise ManyVolumes(project=settings.project, stack=settings.stack, volumes=ids)
    return found[0] if found else None


def require_owner(volume: Volume, owner: str) -> None:
    """Whether ``owner`` made the volume.

    Raises:
        NotYours: somebody else made it, or nobody knows who.
    """
    if volume.owner != owner:
        raise NotYours(volume=volume.id, whose=_whose(volume.owner), you=owner)


def require_free(settings: Settings, volume: Volume, known: str, holders: Sequence[Host]) -> None:
    """Whether nothing but the host that the state knows, or nothing at all, holds the volume.

    Raises:
        HostLeftBehind: a host of this stack, of which the state knows nothing.
        VolumeInUse: anything else.
    """
    for one in volume.attached_to:
        if one == known:
            continue
        ours = any(host.id == one and settings.owns(host.tags) for host in holders)
        raise (HostLeftBehind if ours else VolumeInUse)(volume=volume.id, instance=one)


def require_own(settings: Settings, volume: Volume) -> None:
    """A volume that was named: it may be anybody's but another stack's.

    Raises:
        OtherStack: its tags name one.
    """
    if volume.stack and not settings.owns(volume.tags):
        raise OtherStack(volume=volume.id, stack=volume.stack)


def newest(found: Sequence[Snapshot], owner: str) -> Snapshot | None:
    """The newest completed one of a stack's snapshots, by whoever asks; ``found`` is newest first.

    A volume that was purged is not brought back by itself, neither from its final snapshot nor from an earlier one,
    but for the one that the volume was made of that took its place; a final snapshot that never completed is a purge
    that never was.

    Raises:
        SnapshotNotYours: there are some, all of them of a volume that somebody else made.
    """
    completed = [one for one in found if one.completed]
    purged = {one.volume for one in completed if one.kind == FINAL}
    moved = [one.id for one in _moved(completed)]
    usable = [one for one in completed if one.volume not in purged or one.id in moved]
    own = [one for one in usable if one.owner == owner]
    if usable and not own:
        raise SnapshotNotYours(snapshot=usable[0].id, whose=_whose(usable[0].owner), you=owner)
    return own[0] if own else None


def _moved(completed: Sequence[Snapshot]) -> Iterator[Snapshot]:
    """Those of purged volumes that were taken to make of them the volumes that took their place; newest first.

    The final snapshot of a volume that had lost its place says so: what was purged was a left-over, and what the stack
    had went on in another volume, which may be lost before it has a snapshot of its own. The one that it was made of
    was the first's last, and is of no other kind. Once the stack's own volume is purged, all before is thrown away.
    """
    left_over: set[str] = set()
    for one in completed:
        if one.kind == FINAL:
            if tags.FORMER not in one.tags:
                return
            left_over.add(one.volume)
        elif one.volume in left_over:
            left_over.remove(one.volume)
            if one.kind == OTHER:
                yield one


def require_usable(snapshot_id: str, found: Snapshot | None) -> Snapshot:
    """A snapshot that was named.

    Raises:
        NoSnapshot: there is none, or it is not completed.
    """
    if found is None:
        raise NoSnapshot(snapshot=snapshot_id, why="there is none of that id in this region that you may use")
    if not found.completed:
        raise NoSnapshot(snapshot=snapshot_id, why=f"it is {found.state}")
    return found


def adopted(volume: Volume, how: str) -> Choice:
    """The living one."""
    return Choice(volume, None, f"{volume.id} in {volume.zone}, {how}")


def restored(snapshot: Snapshot, how: str) -> Choice:
    """One made of a snapshot, in any zone."""
    day = text.moment(snapshot.started)
    return Choice(None, snapshot, f"a new one from the snapshot {snapshot.id} of {day}, {how}")


def blank(why: str) -> Choice:
    """One that holds nothing yet."""
    return Choice(None, None, f"a blank one; {why}")


def _whose(owner: str) -> str:
    return f"was made by {owner}" if owner else f"has no tag {tags.OWNER} that says who made it"
