"""``zagent cloud snapshot prune``: the deletion of snapshots that nobody needs any more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from botocore.exceptions import ClientError

from infra import tags
from infra.account import policies, snapshots, volumes
from infra.account.access import answered
from infra.account.snapshots import Snapshot
from infra.errors import CloudRefused
from infra.operations.prunable import There
from infra.operations.status import Status, look
from infra.settings import Settings

HELD = ("InvalidSnapshot.InUse", "InvalidParameterValue")
"""AWS's codes for a snapshot that an image uses (EC2, error codes), or that AWS Backup manages (as reported in
openshift/installer#9964)."""

GONE = "InvalidSnapshot.NotFound"


@dataclass(frozen=True)
class Plan:
    """What a prune does: ``doomed`` is oldest first; ``kept`` are the others that the stack has, newest first."""

    settings: Settings
    there: There
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
    there = of_status(look(settings))
    doomed = there.beyond(keep, settings.restore)
    kept = [one for one in (*there.data, *there.roots) if one not in doomed]
    return Plan(settings, there, tuple(doomed), tuple(kept))


def of_status(status: Status) -> There:
    """What there is of a stack, and which policies and system disks live.

    Raises:
        CloudRefused: AWS does not answer.
    """
    access, targets = status.settings.access, (status.settings.target, status.settings.root_target)
    living = [one.id for target in targets for one in policies.with_target(access, tags.SNAPSHOTS, target)]
    disks = [*volumes.with_tags(access, {tags.SNAPSHOTS: targets[1]}), *status.roots.values()]
    return There(
        you=status.you,
        volumes=frozenset(one.id for one in status.volumes),
        policies=frozenset(living),
        data=status.snapshots,
        roots=status.root_snapshots,
        strangers=any(one.owner != status.you for one in status.volumes),
        disks=frozenset(one.id for one in disks),
    )


def carry_out(plan: Plan) -> Iterator[Outcome]:
    """Delete what is doomed, one after the other; what became of each.

    Raises:
        CloudRefused: AWS does not answer, or the caller may not delete.
    """
    for one in plan.doomed:
        yield Outcome(one, _delete(plan, one))


def _delete(plan: Plan, doomed: Snapshot) -> str:
    found = snapshots.own(plan.settings.access, doomed.id)
    # Safety contract: a snapshot is deleted ONLY if, as AWS shows it right before,
    #   1. this account owns it,
    #   2. it is as it was when the plan was shown, tag for tag and in the same state,
    # and, as the plan had it from these very tags (There.beyond),
    #   3. it is of this stack: the tags of its data volume, or the target tag of its system disk,
    #   4. its owner's tag names whoever asks; a system disk's has none: then a policy took it, and there are data
    #      volumes or snapshots of the stack, none of them anybody else's,
    #   5. it is no final one, and neither pending nor on its way out of an archive,
    #   6. no living policy took it of a living volume,
    #   7. so many of its sort stay, the living volume's first; of its volume the newest, unless there is a final one,
    #   8. it is neither what `pulumi up` would restore nor what `restore` names.
    if found is None:
        return "it is gone"
    if replace(found, progress=doomed.progress) != doomed:
        return "it changed meanwhile"
    try:
        with answered(GONE):
            plan.settings.access.ec2.delete_snapshot(SnapshotId=found.id)
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
