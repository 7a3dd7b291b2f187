"""Where EC2 fails on demand, before or instead of what it would do."""

from __future__ import annotations

from typing import Any, ClassVar

from moto.ec2.models.elastic_block_store import VolumeAttachment
from moto.ec2.models.instances import Reservation

from tests.localcloud.cloud.ec2.addresses import Changed
from tests.localcloud.cloud.ec2.instances import InstanceBackend
from tests.localcloud.cloud.ec2.refusals import InsufficientInstanceCapacity, VcpuLimitExceeded
from tests.localcloud.cloud.ec2.snapshots import LocalSnapshot, SnapshotBackend
from tests.localcloud.cloud.faults import Faults


class FailingBackend(InstanceBackend, SnapshotBackend):
    """``faults`` are the whole cloud's; see them for the kinds."""

    faults: ClassVar[Faults]

    def run_instances(self, *words: Any, **named: Any) -> Reservation:
        """Refused where there is no capacity left or no quota."""
        self._require_room(named["instance_type"], self._zone(named))
        return super().run_instances(*words, **named)

    def start_instances(self, instance_ids: list[str]) -> Changed:
        """Refused as a launch is: a stopped instance holds no machine."""
        for one in self.get_multi_instances_by_id(instance_ids):
            self._require_room(one.instance_type, one.availability_zone or "")
        return super().start_instances(instance_ids)

    def _require_room(self, instance_type: str, zone: str) -> None:
        if self.faults.strikes("capacity", zone):
            raise InsufficientInstanceCapacity(instance_type=instance_type, zone=zone)
        if self.faults.strikes("vcpu-limit"):
            raise VcpuLimitExceeded

    def _zone(self, named: dict[str, Any]) -> str:
        """Where a launch goes: to its subnet's zone, or the one it names, or any."""
        if subnet := named.get("subnet_id"):
            return self.get_subnet(subnet).availability_zone
        return str(named.get("placement") or "")

    def _reachable(self) -> bool:
        return not self.faults.strikes("silent-host")

    def _outcome(self, snapshot: LocalSnapshot) -> str:
        return "error" if self.faults.strikes("snapshot", snapshot.volume_id) else super()._outcome(snapshot)

    def _lets_go_at_once(self, held: VolumeAttachment, force: bool) -> bool:
        stuck = not force and self.faults.stand("detaching", held.volume_id)
        return super()._lets_go_at_once(held, force) and not stuck

    def _pull_out(self, held: VolumeAttachment, force: bool) -> None:
        """Stuck in ``detaching``, unless it is by force or the instance has ended meanwhile."""
        if not force:
            self.faults.wait_while("detaching", held.volume_id)
        if self._holds(held):
            super()._pull_out(held, force)
