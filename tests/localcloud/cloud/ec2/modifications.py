"""EC2's calls that change a volume: its disk grows, and its machine is told."""

from __future__ import annotations

from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.elastic_block_store import GP3_DEFAULT_IOPS, Volume, VolumeModification

from tests.localcloud.cloud.ec2.volumes import GP3_THROUGHPUT, VolumeBackend
from tests.localcloud.cloud.ec2.work import in_background, told


class Modification(VolumeModification):
    """A change of a volume, from "modifying" over "optimizing" to "completed", which moto's is at once."""

    modification_state = "modifying"
    progress = 0

    def reach(self, state: str, progress: int) -> None:
        """It has come so far: ``progress`` in percent."""
        self.modification_state, self.progress, self.end_time = state, progress, utcnow()


class ModificationBackend(VolumeBackend):
    """The modifications of volumes. That there may be one in six hours, as on AWS, is not asked for here."""

    def modify_volume(
        self,
        volume_id: str,
        target_size: int | None = None,
        target_volume_type: str | None = None,
        target_iops: int | None = None,
        target_throughput: int | None = None,
        target_multi_attach_enabled: bool | None = None,
    ) -> Volume:
        """Also grow the disk and tell the machine that has it, before this returns; what shows it is done comes later.

        The disk of an instance's root volume is none that a machine has, so nothing grows there.
        """
        with self._changing:
            volume = self.get_volume(volume_id)
            size = target_size or volume.size
            _check_modifiable(volume, size)
            self._grow(volume, size)
            kind, iops, throughput = _targets(volume, target_volume_type, target_iops, target_throughput)
            modification = Modification(volume, size, kind, iops, throughput, target_multi_attach_enabled)
            _apply(modification)
        in_background(self._finish_modification, modification)
        return volume

    def _grow(self, volume: Volume, size_gib: int) -> None:
        with told():
            self.disks.grow(volume.id, size_gib)
            if volume.attachment and size_gib > volume.size and self._plugged_in(volume.attachment):
                self.machines.resize(volume.attachment.instance.id, volume.id)

    def _finish_modification(self, modification: Modification) -> None:
        for state, progress in (("optimizing", 50), ("completed", 100)):
            self.take_a_while()
            modification.reach(state, progress)


def _check_modifiable(volume: Volume, size: int) -> None:
    if size < volume.size:
        raise EC2ClientError("InvalidParameterValue", "New size cannot be smaller than existing size")
    if volume.modifications and (state := volume.modifications[-1].modification_state) != "completed":
        message = f"Cannot modify volume {volume.id} currently in modification state '{state.upper()}'"
        raise EC2ClientError("IncorrectModificationState", message)


def _targets(
    volume: Volume, kind: str | None, iops: int | None, throughput: int | None
) -> tuple[str, int | None, int | None]:
    """The type, the IOPS and the throughput after a change: what it does not name stays, or is the new type's."""
    if kind is None or kind == volume.volume_type:
        return volume.volume_type, iops or volume.iops, throughput or volume.throughput
    if kind == "gp3":
        return kind, iops or GP3_DEFAULT_IOPS, throughput or GP3_THROUGHPUT
    return kind, iops, throughput


def _apply(modification: Modification) -> None:
    volume = modification.volume
    volume.modifications.append(modification)
    volume.size, volume.volume_type = modification.target_size or 0, modification.target_volume_type or ""
    volume.iops, volume.throughput = modification.target_iops, modification.target_throughput
    if modification.target_multi_attach_enabled:
        volume.multi_attach_enabled = True
