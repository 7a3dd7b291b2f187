"""What the daemon tells about itself."""

from __future__ import annotations

from dataclasses import dataclass

from moto.ec2.models.elastic_block_store import Volume

from tests.localcloud.cloud.api import ec2
from tests.localcloud.cloud.faults import Fault


@dataclass(frozen=True)
class Host:
    """An instance that is not terminated. ``address`` is empty and ``running`` false where there are no machines."""

    id: str
    state: str
    address: str
    running: bool


@dataclass(frozen=True)
class VolumeStatus:
    """A volume, its size in GiB, and where it is attached, or nothing."""

    id: str
    size_gib: int
    zone: str
    state: str
    instance: str


@dataclass(frozen=True)
class SnapshotStatus:
    """A snapshot of ours, and the volume that it is of."""

    id: str
    volume: str
    size_gib: int
    state: str


@dataclass(frozen=True)
class Status:
    """What there is; ``hub_bytes`` are the bytes of model files that the hub has sent since the start."""

    hub_bytes: int
    hosts: list[Host]
    volumes: list[VolumeStatus]
    snapshots: list[SnapshotStatus]
    faults: list[Fault]


def status(hub_bytes: int) -> Status:
    """What the API has now, in the default region."""
    return Status(hub_bytes, _hosts(), _volumes(), _snapshots(), ec2().faults.armed())


def _hosts() -> list[Host]:
    backend = ec2()
    return [
        Host(one.id, one.state, backend.machine_addresses.get(one.id, ""), backend.machines.running(one.id))
        for one in backend.all_instances()
        if one.state != "terminated"
    ]


def _volumes() -> list[VolumeStatus]:
    return [
        VolumeStatus(one.id, one.size, one.availability_zone or "", one.status, _instance(one))
        for one in ec2().describe_volumes()
    ]


def _instance(volume: Volume) -> str:
    return volume.attachment.instance_id if volume.attachment else ""


def _snapshots() -> list[SnapshotStatus]:
    return [
        SnapshotStatus(one.id, one.volume_id, one.volume.size, one.status)
        for one in ec2().describe_snapshots()
        if not one.from_ami
    ]
