"""Moto's EC2, whose instances are machines and whose volumes are disks; and the replacement of root volumes.

Moto keeps the API's state, in memory: it ends with the daemon. Volumes and snapshots outlive it, see ``keeping``.
"""

from __future__ import annotations

from dataclasses import replace

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instances import Instance

from tests.localcloud.cloud.ec2.failing import FailingBackend
from tests.localcloud.cloud.ec2.groups import GroupBackend
from tests.localcloud.cloud.ec2.image import ImageBackend
from tests.localcloud.cloud.ec2.keeping import KeptBackend
from tests.localcloud.cloud.ec2.modifications import ModificationBackend
from tests.localcloud.cloud.ec2.tasks import ReplaceRootVolumeTask
from tests.localcloud.cloud.ec2.work import in_background


class LocalEC2Backend(FailingBackend, ImageBackend, GroupBackend, ModificationBackend, KeptBackend):
    """One region of one account."""

    def __init__(self, region_name: str, account_id: str) -> None:
        self.replacements: dict[str, ReplaceRootVolumeTask] = {}
        super().__init__(region_name, account_id)

    def create_replace_root_volume_task(
        self,
        instance_id: str,
        *,
        image_id: str | None,
        snapshot_id: str | None,
        delete_replaced: bool,
        tags: dict[str, str],
    ) -> ReplaceRootVolumeTask:
        """Begin to give a running instance a new root volume.

        Raises:
            EC2ClientError: there is no such instance or image, or the instance does not run.
        """
        instance = self.get_instance(instance_id)
        if image_id:
            self.describe_images(ami_ids=[image_id])
        if instance.state != "running":
            raise EC2ClientError("IncorrectInstanceState", f"The instance '{instance_id}' is not in 'running' state")
        written = [{"Key": key, "Value": value} for key, value in tags.items()]
        task = ReplaceRootVolumeTask(instance_id, image_id, snapshot_id, delete_replaced, written)
        self.replacements[task.replace_root_volume_task_id] = task
        answer = replace(task)  # as it is before it begins
        in_background(self._replace_root, task, instance)
        return answer

    def _replace_root(self, task: ReplaceRootVolumeTask, instance: Instance) -> None:
        task.task_state = "in-progress"
        try:
            self.machines.replace_root(instance.id)
            self._new_root_volume(instance, task.delete_replaced_root_volume)
        except Exception:
            task.end("failed")
            raise
        task.end("succeeded")

    def _new_root_volume(self, instance: Instance, delete_replaced: bool) -> None:
        device = instance.root_device_name
        held = instance.block_device_mapping[device]
        old = self.get_volume(held.volume_id)
        new = self.create_volume(
            old.size,
            instance.availability_zone or "",
            volume_type=old.volume_type,
            iops=old.iops,
            throughput=old.throughput,
            encrypted=old.encrypted,
            kms_key_id=old.kms_key_id,
        )
        self.detach_volume(old.id, instance.id, device)
        self.attach_volume(new.id, instance.id, device, held.delete_on_termination)
        if delete_replaced:
            self.delete_volume(old.id)

    def describe_replace_root_volume_tasks(
        self, ids: list[str], filters: dict[str, list[str]]
    ) -> list[ReplaceRootVolumeTask]:
        """The replacements of these ids, or all, that pass the filters.

        Raises:
            EC2ClientError: there is none of an id.
        """
        if unknown := set(ids) - self.replacements.keys():
            message = f"The replace root volume task ID '{unknown.pop()}' does not exist"
            raise EC2ClientError("InvalidReplaceRootVolumeTaskID.NotFound", message)
        return [self.replacements[one] for one in ids or self.replacements if self.replacements[one].matches(filters)]
