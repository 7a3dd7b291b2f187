"""EC2's calls about volumes, with a disk behind each."""

from __future__ import annotations

from typing import Any, ClassVar

from moto.ec2.exceptions import EC2ClientError, VolumeInUseError
from moto.ec2.models import EC2Backend
from moto.ec2.models.elastic_block_store import Volume, VolumeAttachment

from tests.localcloud.cloud.disks import Disks
from tests.localcloud.cloud.ec2.work import told
from tests.localcloud.cloud.machines import Machines


class VolumeBackend(EC2Backend):
    """``machines`` and ``disks`` are the whole cloud's, ``machine_addresses`` those of this region by instance id."""

    machines: ClassVar[Machines]
    disks: ClassVar[Disks]

    def __init__(self, region_name: str, account_id: str) -> None:
        self.machine_addresses: dict[str, str] = {}
        super().__init__(region_name, account_id)

    def create_volume(self, *words: Any, **named: Any) -> Volume:
        """Also make its disk."""
        volume = super().create_volume(*words, **named)
        self.disks.make(volume.id, volume.size)
        return volume

    def delete_volume(self, volume_id: str) -> Volume:
        """Also remove its disk, once moto has agreed that nothing holds the volume."""
        volume = super().delete_volume(volume_id)
        self.disks.remove(volume_id)
        return volume

    def attach_volume(
        self, volume_id: str, instance_id: str, device_path: str, delete_on_termination: bool = False
    ) -> VolumeAttachment | None:
        """Also plug the disk in, as long as it is not the root's, which is no separate disk.

        Moto does not see that AWS refuses another zone's volume and one in use.
        """
        volume, instance = self.get_volume(volume_id), self.get_instance(instance_id)
        if volume.attachment:
            raise VolumeInUseError(volume_id, volume.attachment.instance.id)
        if volume.availability_zone != instance.availability_zone:
            message = f"The volume '{volume_id}' is not in the same availability zone as instance '{instance_id}'"
            raise EC2ClientError("InvalidVolume.ZoneMismatch", message)
        # A volume that the launch itself asks for comes here before its machine is there.
        if instance_id in self.machine_addresses and device_path != instance.root_device_name:
            with told():
                self.machines.attach(instance_id, volume_id, self.disks.path(volume_id))
        return super().attach_volume(volume_id, instance_id, device_path, delete_on_termination)

    def detach_volume(self, volume_id: str, instance_id: str | None, device_path: str) -> VolumeAttachment:
        """Also pull the disk out, as long as it is not the root's and the machine is not terminated."""
        held = self.get_volume(volume_id).attachment
        if held and held.instance.id in self.machine_addresses and held.device != held.instance.root_device_name:
            with told():
                self.machines.detach(held.instance.id, volume_id)
        # The caller may leave the instance to be the one that holds it.
        return super().detach_volume(volume_id, instance_id or (held.instance.id if held else ""), device_path)
