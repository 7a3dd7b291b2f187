"""Where EC2 fails on demand, before or instead of what it would do."""

from __future__ import annotations

from typing import Any, ClassVar

from moto.core.types import Base64EncodedString
from moto.ec2.models.elastic_block_store import VolumeAttachment
from moto.ec2.models.instances import Reservation

from tests.localcloud.cloud.ec2.instances import InstanceBackend
from tests.localcloud.cloud.ec2.refusals import InsufficientInstanceCapacity, VcpuLimitExceeded
from tests.localcloud.cloud.ec2.snapshots import LocalSnapshot, SnapshotBackend
from tests.localcloud.cloud.ec2.volumes import show
from tests.localcloud.cloud.ec2.work import in_background
from tests.localcloud.cloud.faults import Faults


class FailingBackend(InstanceBackend, SnapshotBackend):
    """``faults`` are the whole cloud's; see them for the kinds."""

    faults: ClassVar[Faults]

    def run_instances(
        self,
        image_id: str,
        count: int,
        user_data: Base64EncodedString | None,
        security_group_names: list[str],
        **named: Any,
    ) -> Reservation:
        """Refused where there is no capacity left or no quota."""
        zone = self._zone(named)
        if self.faults.strikes("capacity", zone):
            raise InsufficientInstanceCapacity(instance_type=named["instance_type"], zone=zone)
        if self.faults.strikes("vcpu-limit"):
            raise VcpuLimitExceeded
        return super().run_instances(image_id, count, user_data, security_group_names, **named)

    def _zone(self, named: dict[str, Any]) -> str:
        """Where a launch goes: to its subnet's zone, or the one it names, or any."""
        if subnet := named.get("subnet_id"):
            return self.get_subnet(subnet).availability_zone
        return str(named.get("placement") or "")

    def _reachable(self) -> bool:
        return not self.faults.strikes("silent-host")

    def _outcome(self, snapshot: LocalSnapshot) -> str:
        return "error" if self.faults.strikes("snapshot", snapshot.volume_id) else super()._outcome(snapshot)

    def detach_volume(
        self, volume_id: str, instance_id: str | None, device_path: str, force: bool = False
    ) -> VolumeAttachment:
        """Stuck in ``detaching``, unless it is by force or the instance has ended."""
        held = self.get_volume(volume_id).attachment
        if force or held is None or not self._plugged_in(held) or not self.faults.stand("detaching", volume_id):
            return super().detach_volume(volume_id, instance_id, device_path, force)
        if held.status == "attached":
            show(held, "detaching")
            in_background(self._detach_later, held)
        return held

    def _detach_later(self, held: VolumeAttachment) -> None:
        self.faults.wait_while("detaching", held.volume_id)
        if self.get_volume(held.volume_id).attachment is held:
            show(held, "attached")
            super().detach_volume(held.volume_id, held.instance.id, held.device)
