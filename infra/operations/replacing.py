"""A new system disk for a running instance, by a task of EC2's (CreateReplaceRootVolumeTask)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from infra import tags
from infra.account import hosts, volumes
from infra.account.access import Access, answered
from infra.errors import ResetRefused
from infra.operations.taking import Say

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import ReplaceRootVolumeTaskTypeDef

PAUSE = 2.0
"""Seconds between two looks."""

PATIENCE = 1800.0
"""Seconds for a task, which takes AWS minutes."""

ENDED = ("succeeded", "failed", "failed-detached")
"""EC2's words for a task that goes on no more; the others are pending, in-progress, failing, failing-detached."""

ASK = "aws ec2 describe-replace-root-volume-tasks --replace-root-volume-task-ids {task}"

MEANING = {
    "failed": ("the instance has its old system disk", "zagent cloud converge   mounts the volume again"),
    "failed-detached": (
        "the instance has no system disk any more",
        "pulumi destroy, then pulumi up: the data volume stays, and nothing is downloaded again",
    ),
}
"""What a failure leaves (EC2, ReplaceRootVolumeTask), and the way on."""


def require_image(access: Access, instance: str, image: str) -> None:
    """Whether there is such an image; whether it suits the instance only AWS knows.

    Raises:
        ResetRefused: there is none.
        CloudRefused: AWS does not answer.
    """
    with answered("InvalidAMIID.NotFound", "InvalidAMIID.Malformed", "InvalidAMIID.Unavailable"):
        if access.ec2.describe_images(ImageIds=[image])["Images"]:
            return
    why = f"there is no image {image} in {access.region_name}"
    raise ResetRefused(instance=instance, why=why, hint="give another --ami, or none for the disk's own image")


def begin(access: Access, instance: str, image: str, own: Mapping[str, str]) -> str:
    """Begin it, with these tags; the id of the task. ``image`` is another AMI, or empty for the disk's own.

    Raises:
        CloudRefused: AWS refuses; the instance is as before.
    """
    chosen = {"ImageId": image} if image else {}
    with answered():
        return access.ec2.create_replace_root_volume_task(
            InstanceId=instance,
            DeleteReplacedRootVolume=True,
            TagSpecifications=[{"ResourceType": "replace-root-volume-task", "Tags": tags.listed(own)}],
            **chosen,  # type: ignore[arg-type]
        )["ReplaceRootVolumeTask"]["ReplaceRootVolumeTaskId"]


def under_way(access: Access, instance: str) -> str:
    """The task that is replacing an instance's system disk just now, or nothing."""
    with answered():
        found = access.ec2.describe_replace_root_volume_tasks(Filters=[{"Name": "instance-id", "Values": [instance]}])
    going = [one["ReplaceRootVolumeTaskId"] for one in found["ReplaceRootVolumeTasks"] if _state(one) not in ENDED]
    return next(iter(going), "")


def _state(task: ReplaceRootVolumeTaskTypeDef) -> str:
    return task["TaskState"]


def wait(access: Access, instance: str, task: str, say: Say) -> None:
    """Return when the instance runs from its new disk.

    Raises:
        ResetRefused: it never will, or it takes too long.
        CloudRefused: AWS does not answer.
    """
    until, told = time.monotonic() + PATIENCE, ""
    while (state := _asked(access, task)) != "succeeded":
        if state in ENDED:
            what, hint = MEANING[state]
            raise ResetRefused(instance=instance, why=f"{task} is {state}: {what}", hint=hint)
        if time.monotonic() > until:
            why = f"{task} is {state} after {PATIENCE / 60:.0f} min"
            hint = f"{ASK.format(task=task)}   until it succeeded, then zagent cloud converge"
            raise ResetRefused(instance=instance, why=why, hint=hint)
        if state != told:
            told = state
            say(f"{task}: {state}")
        time.sleep(PAUSE)


def _asked(access: Access, task: str) -> str:
    with answered():
        return _state(
            access.ec2.describe_replace_root_volume_tasks(ReplaceRootVolumeTaskIds=[task])["ReplaceRootVolumeTasks"][0]
        )


def disk_tags(access: Access, instance: str) -> dict[str, str]:
    """The tags of an instance's system disk, by which its snapshot policy finds it."""
    disk = _disk(access, instance)
    return tags.settable(disk.tags) if disk else {}


def tag_disk(access: Access, instance: str, own: Mapping[str, str]) -> None:
    """Give them to its new one."""
    disk = _disk(access, instance)
    if disk and own:
        with answered():
            access.ec2.create_tags(Resources=[disk.id], Tags=tags.listed(own))


def _disk(access: Access, instance: str) -> volumes.Volume | None:
    found = hosts.with_ids(access, (instance,))
    return volumes.with_id(access, found[0].root) if found and found[0].root else None
