"""What a snapshot policy does at its times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.ec2.models import EC2Backend
from moto.ec2.models.elastic_block_store import Snapshot, Volume

BY_POLICY = "aws:dlm:lifecycle-policy-id"
BY_SCHEDULE = "aws:dlm:lifecycle-schedule-name"
"""The tags by which AWS knows a policy's snapshots (EBS user guide, Amazon Data Lifecycle Manager)."""


def make(ec2: EC2Backend, policy_id: str, details: Mapping[str, Any]) -> None:
    """For each volume with a target tag and each schedule: make a snapshot, and delete those past the count."""
    for volume in _targets(ec2, details):
        for schedule in details["Schedules"]:
            mark = {BY_POLICY: policy_id, BY_SCHEDULE: schedule["Name"]}
            made = ec2.create_snapshot(volume.id, f"Created for policy: {policy_id} schedule: {schedule['Name']}")
            made.add_tags(_tags(volume, schedule) | mark)
            if count := schedule["RetainRule"].get("Count"):
                _prune(ec2, _of(ec2, volume, mark), count)


def _targets(ec2: EC2Backend, details: Mapping[str, Any]) -> list[Volume]:
    if details.get("ResourceTypes") != ["VOLUME"]:
        return []
    wanted = [(one["Key"], one["Value"]) for one in details["TargetTags"]]
    return [one for one in ec2.describe_volumes() if any(tag in wanted for tag in _tag_map(one).items())]


def _tags(volume: Volume, schedule: Mapping[str, Any]) -> dict[str, str]:
    copied = _tag_map(volume) if schedule["CopyTags"] else {}
    own = {key: value for key, value in copied.items() if not key.startswith("aws:")}
    return own | {one["Key"]: one["Value"] for one in schedule.get("TagsToAdd", [])}


def _of(ec2: EC2Backend, volume: Volume, mark: dict[str, str]) -> list[Snapshot]:
    """The snapshots of a volume that bear a mark, the oldest first."""
    found = [one for one in ec2.describe_snapshots() if one.volume_id == volume.id]
    return sorted((one for one in found if mark.items() <= _tag_map(one).items()), key=lambda one: one.start_time)


# Safety contract: a snapshot is deleted ONLY when it bears the mark of the policy and the schedule, with tags that AWS
# lets nobody else write, is of the volume that just got a newer one, and ``count`` newer ones of these stay.
def _prune(ec2: EC2Backend, marked: list[Snapshot], count: int) -> None:
    for one in marked[:-count]:
        ec2.delete_snapshot(one.id)


def _tag_map(resource: Snapshot | Volume) -> dict[str, str]:
    return {one["key"]: one["value"] for one in resource.get_tags()}
