"""A new system disk for a running instance, by a task of EC2's (CreateReplaceRootVolumeTask)."""

from __future__ import annotations

import time
from collections.abc import Mapping

from infra import tags
from infra.account import hosts, volumes
from infra.account.access import Access, answered
from infra.errors import ResetRefused
from infra.operations.taking import MISSES, Say

PAUSE = 2.0
"""Seconds between two looks."""

PATIENCE = 1800.0
"""Seconds for a task, which takes AWS minutes."""

ENDED = ("succeeded", "failed", "failed-detached")
"""EC2's words for a task that goes on no more; the others are pending, in-progress, failing, failing-detached."""

NOT_SHOWN = "not shown"
"""For a task that AWS does not show, or no more: a new one shows only after a moment."""

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
    return next((task for task, state in _states(access, instance).items() if state not in ENDED), "")


def _states(access: Access, instance: str) -> dict[str, str]:
    """Of all tasks of an instance that AWS shows; asked for by its id, one that AWS does not show yet is an error."""
    pages = access.ec2.get_paginator("describe_replace_root_volume_tasks")
    with answered():
        found = pages.paginate(Filters=[{"Name": "instance-id", "Values": [instance]}])
        shown = [one for page in found for one in page["ReplaceRootVolumeTasks"]]
    return {one["ReplaceRootVolumeTaskId"]: one["TaskState"] for one in shown}


def wait(access: Access, instance: str, task: str, say: Say) -> None:
    """Return when the instance runs from its new disk.

    Raises:
        ResetRefused: it never will, or it takes too long.
        CloudRefused: AWS does not answer.
    """
    begun, told, misses = time.monotonic(), "", 0
    while (state := _states(access, instance).get(task, NOT_SHOWN)) != "succeeded":
        misses = misses + 1 if state == NOT_SHOWN else 0
        if state in ENDED:
            what, hint = MEANING[state]
            raise ResetRefused(instance=instance, why=f"{task} is {state}: {what}", hint=hint)
        passed = time.monotonic() - begun
        if passed > PATIENCE or misses > MISSES:
            why = f"{task} is {state} after {passed / 60:.1f} min"
            hint = f"{ASK.format(task=task)}   until it succeeded, then zagent cloud converge"
            raise ResetRefused(instance=instance, why=why, hint=hint)
        if state != told:
            told = state
            say(f"{task}: {state}")
        time.sleep(PAUSE)


def tag_disk(access: Access, instance: str, own: Mapping[str, str]) -> None:
    """Tag an instance's new system disk as `pulumi up` would: by a tag its snapshot policy finds it."""
    for host in hosts.with_ids(access, (instance,)):
        if host.root and (disk := volumes.with_id(access, host.root)):
            with answered():
                access.ec2.create_tags(Resources=[disk.id], Tags=tags.listed(own))
