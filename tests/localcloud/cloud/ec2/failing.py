"""Where EC2 fails on demand, before or instead of what it would do."""

from __future__ import annotations

from typing import Any, ClassVar

from moto.ec2.models.elastic_block_store import VolumeAttachment
from moto.ec2.models.instances import Reservation

from tests.localcloud.cloud.ec2.instances import InstanceBackend
from tests.localcloud.cloud.ec2.refusals import InsufficientInstanceCapacity, VcpuLimitExceeded
from tests.localcloud.cloud.ec2.snapshots import LocalSnapshot, SnapshotBackend
from tests.localcloud.cloud.faults import Faults


class FailingBackend(InstanceBackend, SnapshotBackend):
    """``faults`` are the whole cloud's; see them for the kinds."""

    faults: ClassVar[Faults]

    def run_instances(self, *words: Any, **named: Any) -> Reservation:
        """Refused where there is no capacity left or no quota."""
        zone = self._zone(named)
        if self.faults.strikes("capacity", zone):
            raise InsufficientInstanceCapacity(instance_type=named["instance_type"], zone=zone)
        if self.faults.strikes("vcpu-limit"):
            raise VcpuLimitExceeded
        return super().run_instances(*words, **named)

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
