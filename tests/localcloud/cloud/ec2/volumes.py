"""EC2's calls about volumes, with a disk behind each.

Moto serialises nothing; whatever decides by a volume's attachment and changes it holds ``_changing``.
"""

from __future__ import annotations

import threading
import time
from typing import Any, ClassVar

from moto.ec2.exceptions import EC2ClientError, InvalidVolumeDetachmentError, VolumeInUseError
from moto.ec2.models import EC2Backend
from moto.ec2.models.elastic_block_store import Volume, VolumeAttachment
from moto.ec2.models.instances import Instance, InstanceState

from tests.localcloud.cloud.disks import Disks
from tests.localcloud.cloud.ec2.work import in_background, told
from tests.localcloud.cloud.machines import Machines

GP3_THROUGHPUT = 125
"""MiB/s of a gp3 volume that asks for no other (EBS user guide)."""

A_WHILE_SECONDS = 1
"""How long something takes here that takes AWS minutes, so that whoever should wait for it has to."""


class VolumeBackend(EC2Backend):
    """``machines`` and ``disks`` are the whole cloud's, ``machine_addresses`` those of this region by instance id."""

    machines: ClassVar[Machines]
    disks: ClassVar[Disks]

    def __init__(self, region_name: str, account_id: str) -> None:
        self.machine_addresses: dict[str, str] = {}
        self._changing = threading.RLock()
        super().__init__(region_name, account_id)

    def create_volume(  # type: ignore[override]  # all callers name the others
        self, size: int | None, zone_name: str, **named: Any
    ) -> Volume:
        """Also make its disk."""
        volume = super().create_volume(size, zone_name, **named)  # type: ignore[arg-type]  # None: as the snapshot
        if volume.volume_type == "gp3":
            volume.throughput = volume.throughput or GP3_THROUGHPUT
        try:
            with told():
                self._make_disk(volume)
        except EC2ClientError:
            del self.volumes[volume.id]
            raise
        return volume

    def _make_disk(self, volume: Volume) -> None:
        self.disks.make(volume.id, volume.size)

    def delete_volume(self, volume_id: str) -> Volume:
        """Also remove its disk, once moto has agreed that nothing holds the volume."""
        with self._changing:
            volume = super().delete_volume(volume_id)
            self.disks.remove(volume_id)
        return volume

    def attach_volume(
        self, volume_id: str, instance_id: str, device_path: str, delete_on_termination: bool = False
    ) -> VolumeAttachment:
        """Also plug the disk in, as long as it is not the root's, which is no separate disk."""
        with self._changing:
            _check_attachable(self.get_volume(volume_id), self.get_instance(instance_id), device_path)
            held = super().attach_volume(volume_id, instance_id, device_path, delete_on_termination)
            assert held is not None  # moto's is None without volume or instance
            if plugs_in := self._plugged_in(held):
                held.status = "attaching"
        if plugs_in:
            self._plug_in_disk(held)
        return held

    def _plugged_in(self, held: VolumeAttachment) -> bool:
        """Whether there is a machine for the disk: the launch itself attaches before, and termination detaches after.

        The root's disk is always the machine's own.
        """
        return held.instance.id in self.machine_addresses and held.device != held.instance.root_device_name

    def _plug_in_disk(self, held: VolumeAttachment) -> None:
        try:
            with told():
                self.machines.attach(held.instance.id, held.volume_id, self.disks.path(held.volume_id))
        except EC2ClientError:
            self._let_go(held)
            raise
        held.status = "attached"

    def detach_volume(
        self, volume_id: str, instance_id: str | None, device_path: str, force: bool = False
    ) -> VolumeAttachment:
        """Also pull the disk out.

        A system that runs is asked to let it go, and the volume is ``detaching`` until it has: for as long as the
        disk is mounted there, unless by ``force``. The caller may leave the instance and the device to be those that
        hold it.
        """
        with self._changing:
            held = _attachment(self.get_volume(volume_id), instance_id, device_path)
            if not self._plugged_in(held):
                self._let_go(held)
                return held
            waiting = _begin_detaching(held)
        if self._lets_go_at_once(held, force):
            with told():
                self._pull_out(held, force)
        elif force or not waiting:
            in_background(self._pull_out, held, force)
        return held

    def _lets_go_at_once(self, held: VolumeAttachment, force: bool) -> bool:
        """Whether nothing need be waited for: then the call itself pulls it out, and fails where that fails."""
        return str(held.instance.state) == "stopped"

    def _pull_out(self, held: VolumeAttachment, force: bool) -> None:
        """Returns when the machine has let the disk go; one that can't leaves it attached."""
        try:
            self.machines.detach(held.instance.id, held.volume_id, force)
        except Exception:
            show(held, "attached")
            raise
        self._let_go(held)

    def _let_go(self, held: VolumeAttachment) -> None:
        """The volume is free, if this attachment still holds it: termination may have been faster."""
        with self._changing:
            if self._holds(held):
                super().detach_volume(held.volume_id, held.instance.id, held.device)

    def _holds(self, held: VolumeAttachment) -> bool:
        """Whether an attachment is still there."""
        volume = self.volumes.get(held.volume_id)
        return volume is not None and volume.attachment is held

    def terminate_instances(self, instance_ids: list[str]) -> list[tuple[Instance, InstanceState]]:
        """Lets go of all volumes, and deletes those that end with their instance, while no detachment changes them."""
        with self._changing:
            return super().terminate_instances(instance_ids)

    @staticmethod
    def take_a_while() -> None:
        """Return when something would be done that AWS does in the background."""
        time.sleep(A_WHILE_SECONDS)


def show(held: VolumeAttachment, status: str) -> None:
    """How far an attachment is, as DescribeVolumes and DescribeInstances show it."""
    held.status = status
    block = held.instance.block_device_mapping.get(held.device)
    if block and block.volume_id == held.volume_id:
        block.status = status


def _check_attachable(volume: Volume, instance: Instance, device: str) -> None:
    """Refuse what AWS refuses and moto does not see."""
    if volume.attachment:
        raise VolumeInUseError(volume.id, volume.attachment.instance.id)
    if volume.availability_zone != instance.availability_zone:
        message = f"The volume '{volume.id}' is not in the same availability zone as instance '{instance.id}'"
        raise EC2ClientError("InvalidVolume.ZoneMismatch", message)
    if instance.state in ("shutting-down", "terminated"):
        raise EC2ClientError("IncorrectState", f"Instance '{instance.id}' is not 'running'.")
    if device in instance.block_device_mapping:
        message = f"Invalid value '{device}' for unixDevice. Attachment point {device} is already in use"
        raise EC2ClientError("InvalidParameterValue", message)


def _attachment(volume: Volume, instance_id: str | None, device: str | None) -> VolumeAttachment:
    """What holds a volume, which is what the caller thinks it is."""
    held = volume.attachment
    if held is None:
        raise EC2ClientError("IncorrectState", f"Volume '{volume.id}' is in the 'available' state.")
    if (instance_id or held.instance.id, device or held.device) != (held.instance.id, held.device):
        raise InvalidVolumeDetachmentError(volume.id, instance_id or held.instance.id, device or held.device)
    return held


def _begin_detaching(held: VolumeAttachment) -> bool:
    """Show that it begins; whether it had begun before."""
    if held.status == "attaching":
        raise EC2ClientError("IncorrectState", f"Volume '{held.volume_id}' is in the 'attaching' state.")
    waiting = held.status == "detaching"
    show(held, "detaching")
    return waiting
