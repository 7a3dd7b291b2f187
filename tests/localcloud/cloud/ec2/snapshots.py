"""EC2's calls about snapshots, with a disk behind each: what the volume held when the call came."""

from __future__ import annotations

from copy import copy
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends
from moto.ec2.models.elastic_block_store import Snapshot, Volume
from moto.ec2.utils import random_snapshot_id

from tests.localcloud.cloud.ec2.volumes import VolumeBackend
from tests.localcloud.cloud.ec2.work import in_background, told


class LocalSnapshot(Snapshot):
    """A snapshot of a volume as it was then; what the volume becomes later does not show.

    Its ``status`` goes from "pending" to "completed" or "error".
    """

    def __init__(self, ec2_backend: Any, snapshot_id: str, volume: Volume, description: str, **named: Any) -> None:
        super().__init__(ec2_backend, snapshot_id, copy(volume), description, **named)
        self.status = "completed" if self.from_ami else "pending"

    @property
    def progress(self) -> str:
        """How much is copied, as the API shows it."""
        return "100%" if self.status == "completed" else "0%"


class SnapshotBackend(VolumeBackend):
    """The snapshots of a region. Those of images have no disk: what an image holds is the machines' matter."""

    def create_snapshot(
        self, volume_id: str, description: str, owner_id: str | None = None, from_ami: str | None = None
    ) -> Snapshot:
        """Also copy the disk, before this returns, so that nothing written later is in it.

        It is complete some time after. The root volume of an instance is no separate disk, so its snapshot holds
        zeros. See ``Disks.copy`` about a volume to which a machine writes meanwhile.
        """
        volume = self.get_volume(volume_id)
        owned = {"owner_id": owner_id, "from_ami": from_ami}
        encryption = {"encrypted": volume.encrypted, "kms_key_id": volume.kms_key_id}
        snapshot = LocalSnapshot(self, random_snapshot_id(), volume, description, **owned, **encryption)
        if not from_ami:
            with told():
                self.disks.copy(volume_id, snapshot.id, snapshot.volume_size)
        return self._begin(snapshot)

    def copy_snapshot(
        self, source_snapshot_id: str, source_region: str, description: str, kms_key_id: str | None
    ) -> Snapshot:
        """Also copy its disk; from another region, too."""
        source = ec2_backends[self.account_id][source_region].get_snapshot(source_snapshot_id)
        _check_completed(source)
        encryption = {"encrypted": source.encrypted, "kms_key_id": kms_key_id or source.kms_key_id}
        snapshot = LocalSnapshot(self, random_snapshot_id(), source.volume, description, **encryption)
        with told():
            self._copy(source, snapshot.id, snapshot.volume_size)
        return self._begin(snapshot)

    def _begin(self, snapshot: LocalSnapshot) -> Snapshot:
        self.snapshots[snapshot.id] = snapshot
        if snapshot.status == "pending":
            in_background(self._finish, snapshot)
        return snapshot

    def _finish(self, snapshot: LocalSnapshot) -> None:
        """It was pending for long enough."""
        self.take_a_while()
        snapshot.status = self._outcome(snapshot)

    def _outcome(self, snapshot: LocalSnapshot) -> str:
        """The status in which it ends: "completed", or "error"."""
        return "completed"

    def delete_snapshot(self, snapshot_id: str) -> Snapshot:
        """Also remove its disk, once moto has agreed that no image needs it."""
        snapshot = super().delete_snapshot(snapshot_id)
        self.disks.remove(snapshot_id)
        return snapshot

    def create_volume(  # type: ignore[override]  # all callers name the others
        self, size: int | None, zone_name: str, snapshot_id: str | None = None, **named: Any
    ) -> Volume:
        """From a snapshot: with its content, encrypted as it is, and at least as large."""
        if snapshot_id:
            snapshot = self.get_snapshot(snapshot_id)
            _check_completed(snapshot)
            _check_size(size, snapshot)
            if snapshot.encrypted:
                named |= {"encrypted": True, "kms_key_id": named.get("kms_key_id") or snapshot.kms_key_id}
        return super().create_volume(size, zone_name, snapshot_id=snapshot_id, **named)

    def _make_disk(self, volume: Volume) -> None:
        if volume.snapshot_id:
            self._copy(self.get_snapshot(volume.snapshot_id), volume.id, volume.size)
        else:
            super()._make_disk(volume)

    def _copy(self, snapshot: Snapshot, identity: str, size_gib: int) -> None:
        """A disk with a snapshot's content."""
        if snapshot.from_ami:
            self.disks.make(identity, size_gib)
        else:
            self.disks.copy(snapshot.id, identity, size_gib)


def _check_completed(snapshot: Snapshot) -> None:
    if snapshot.status != "completed":
        raise EC2ClientError("IncorrectState", f"Snapshot is in invalid state - {snapshot.status}")


def _check_size(size: int | None, snapshot: Snapshot) -> None:
    if size is not None and size < snapshot.volume_size:
        message = f"Volume of size {size}GB is smaller than snapshot '{snapshot.id}', expect size >= "
        raise EC2ClientError("InvalidParameterValue", f"{message}{snapshot.volume_size}GB")
