"""Volumes and snapshots outlive the daemon, however it ends; instances do not."""

from __future__ import annotations

import logging
import threading
from datetime import datetime

from moto.ec2.models import ec2_backends
from moto.ec2.models.elastic_block_store import Snapshot, Volume
from zagent import durable

from tests.localcloud.cloud.ec2 import kept
from tests.localcloud.cloud.ec2.kept import Kept, KeptSnapshot, KeptVolume
from tests.localcloud.cloud.ec2.snapshots import LocalSnapshot, SnapshotBackend


class KeptBackend(SnapshotBackend):
    """Begins with what was kept in the folder of the disks.

    Raises:
        LocalCloudError: what is kept can't be understood.
    """

    def __init__(self, region_name: str, account_id: str) -> None:
        self._keeping = threading.Lock()
        super().__init__(region_name, account_id)
        self._file = kept.file(self.disks.folder, account_id, region_name)
        found = kept.read(self._file)
        self._written = found.written()
        for volume in found.volumes:
            self._restore_volume(volume)
        for snapshot in found.snapshots:
            self._restore_snapshot(snapshot)

    def keep(self) -> None:
        """Write what has changed. Every call of the API ends with this, so whatever was answered is kept.

        Nothing is written by a backend that the API has forgotten, as happens where a process serves one after
        another.
        """
        with self._keeping:
            now = self._kept().written()
            if now != self._written and ec2_backends[self.account_id].get(self.region_name) is self:
                durable.write(self._file, now)
                self._written = now

    def _kept(self) -> Kept:
        volumes = [self._kept_volume(one) for one in list(self.volumes.values())]
        snapshots = [self._kept_snapshot(one) for one in list(self.snapshots.values()) if not one.from_ami]
        return Kept(kept.sorted_by_id(volumes), kept.sorted_by_id(snapshots))

    def _kept_volume(self, volume: Volume) -> KeptVolume:
        return KeptVolume(
            id=volume.id,
            size_gib=volume.size,
            zone=volume.availability_zone or "",
            volume_type=volume.volume_type,
            iops=volume.iops,
            throughput=volume.throughput,
            multi_attach_enabled=volume.multi_attach_enabled,
            encrypted=bool(volume.encrypted),
            kms_key_id=volume.kms_key_id,
            snapshot_id=volume.snapshot_id,
            created=volume.create_time.isoformat(),
            tags=self._tags(volume.id),
            ends_with_instance=_ends_with_instance(volume),
        )

    def _kept_snapshot(self, snapshot: Snapshot) -> KeptSnapshot:
        return KeptSnapshot(
            id=snapshot.id,
            volume_id=snapshot.volume_id,
            volume_size_gib=snapshot.volume_size,
            description=snapshot.description,
            status=snapshot.status,
            encrypted=snapshot.encrypted,
            kms_key_id=snapshot.kms_key_id,
            owner_id=snapshot.owner_id,
            storage_tier=snapshot.storage_tier,
            created=snapshot.start_time.isoformat(),
            tags=self._tags(snapshot.id),
        )

    def _tags(self, identity: str) -> dict[str, str]:
        return dict(self.tags.get(identity, {}))

    def _restore_volume(self, entry: KeptVolume) -> None:
        if entry.ends_with_instance:
            self.disks.remove(entry.id)
        elif self._has_disk(entry.id):
            volume = Volume(  # type: ignore[abstract]  # moto makes them, too
                self,
                entry.id,
                entry.size_gib,
                self.get_zone_by_name(entry.zone),
                snapshot_id=entry.snapshot_id,
                encrypted=entry.encrypted,
                kms_key_id=entry.kms_key_id,
                volume_type=entry.volume_type,
                iops=entry.iops,
                throughput=entry.throughput,
                multi_attach_enabled=entry.multi_attach_enabled,
            )
            volume.create_time = datetime.fromisoformat(entry.created)
            self.volumes[entry.id] = volume
            self.tags[entry.id].update(entry.tags)

    def _restore_snapshot(self, entry: KeptSnapshot) -> None:
        if self._has_disk(entry.id):
            volume = Volume(self, entry.volume_id, entry.volume_size_gib, zone=None)  # type: ignore[abstract]
            snapshot = LocalSnapshot(
                self,
                entry.id,
                volume,
                entry.description or "",
                encrypted=entry.encrypted,
                kms_key_id=entry.kms_key_id,
                owner_id=entry.owner_id,
            )
            snapshot.status, snapshot.storage_tier = entry.status, entry.storage_tier
            snapshot.start_time = datetime.fromisoformat(entry.created)
            self.tags[entry.id].update(entry.tags)
            self._begin(snapshot)

    def _has_disk(self, identity: str) -> bool:
        found = self.disks.path(identity).is_file()
        if not found:
            logging.warning("%s has no disk in %s any more, so it is gone", identity, self.disks.folder)
        return found


def _ends_with_instance(volume: Volume) -> bool:
    held = volume.attachment
    block = held and held.instance.block_device_mapping.get(held.device)
    return bool(block and block.delete_on_termination)
