"""``zagent cloud snapshot prune``: the stack's snapshots that are beyond the count, and their deletion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from botocore.exceptions import ClientError

from infra.account import caller, snapshots
from infra.account.access import answered
from infra.account.snapshots import FINAL, VERIFIED, Snapshot
from infra.errors import CloudRefused
from infra.lookup.volume import newest
from infra.settings import Settings

HELD = ("InvalidSnapshot.InUse", "InvalidParameterValue", "OperationNotPermitted")
"""AWS's codes for a snapshot that an image, a lock or another of its services holds."""

GONE = "InvalidSnapshot.NotFound"


@dataclass(frozen=True)
class Plan:
    """What a prune does: ``doomed`` is oldest first; ``kept`` are the others that the stack has, newest first."""

    settings: Settings
    owner: str
    doomed: tuple[Snapshot, ...]
    kept: tuple[Snapshot, ...]


@dataclass(frozen=True)
class Outcome:
    """What became of a snapshot; ``why`` says what kept it, and is empty where it is deleted."""

    snapshot: Snapshot
    why: str


def plan(settings: Settings, keep: int) -> Plan:
    """What would be deleted; nothing is.

    Raises:
        CloudRefused: AWS does not answer.
    """
    owner = caller.caller(settings.access).owner
    found = snapshots.with_tags(settings.access, settings.own_tags)
    doomed = beyond(found, owner, keep, settings.restore)
    return Plan(settings, owner, tuple(doomed), tuple(one for one in found if one not in doomed))


def beyond(found: Sequence[Snapshot], owner: str, keep: int, named: str) -> list[Snapshot]:
    """Those that nobody needs, oldest first; ``found`` is newest first by AWS's own clock, ours plays no part. Pure.

    Kept are the newest of each, the verified and the unverified, at least one; what ``pulumi up`` would restore, and
    what the configuration names; and whatever ``_deletable`` refuses. One that failed holds nothing, and counts as
    none.
    """
    mine = [one for one in found if _deletable(one, owner)]
    whole = [one for one in mine if one.completed]
    kept = {named}
    for verified in (True, False):
        of_group = [one.id for one in whole if (one.kind == VERIFIED) is verified]
        kept.update(of_group[: max(1, keep)])
    next_up = newest([one for one in found if one.owner == owner], owner)
    kept.add(next_up.id if next_up else "")
    return [one for one in reversed(mine) if one.id not in kept]


def _deletable(one: Snapshot, owner: str) -> bool:
    """Whether it is the caller's, no purged volume's last one, and not in the making."""
    return one.owner == owner and one.kind != FINAL and one.state in ("completed", "error")


def carry_out(plan: Plan) -> Iterator[Outcome]:
    """Delete what is doomed, one after the other; what became of each.

    Raises:
        CloudRefused: AWS does not answer, or the caller may not delete.
    """
    for one in plan.doomed:
        yield Outcome(one, _delete(plan, one))


def _delete(plan: Plan, doomed: Snapshot) -> str:
    access, own = plan.settings.access, plan.settings.own_tags
    found = next((one for one in snapshots.with_tags(access, own) if one.id == doomed.id), None)
    # Safety contract: a snapshot is deleted ONLY if, as AWS shows it right before,
    #   1. this account owns it, and its tags say that it is this stack's,
    #   2. its owner's tag names whoever asks,
    #   3. it is no final one, and neither pending nor on its way out of an archive,
    #   4. it is as it was when the plan was shown, tag for tag,
    # and, as the plan had it,
    #   5. at least one completed verified one and one unverified one stay,
    #   6. the one stays that `pulumi up` would restore, and the one that `restore` names.
    if found is None:
        return "it is gone, or no longer this stack's"
    if found != doomed or not _deletable(found, plan.owner):
        return "it changed meanwhile"
    try:
        with answered(GONE):
            access.ec2.delete_snapshot(SnapshotId=found.id)
    except CloudRefused as refused:
        return _held(refused)
    return ""


def _held(refused: CloudRefused) -> str:
    """AWS's words, where something holds the snapshot.

    Raises:
        CloudRefused: anything else.
    """
    error = refused.__cause__
    told = error.response.get("Error", {}) if isinstance(error, ClientError) else {}
    if told.get("Code") not in HELD:
        raise refused
    return f"AWS keeps it: {told.get('Message', told['Code'])}"
