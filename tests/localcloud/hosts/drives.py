"""Disks that come, grow, fail and go while the machine runs, by QEMU's protocol."""

from __future__ import annotations

from pathlib import Path

from tests.localcloud.errors import LocalCloudError
from tests.localcloud.hosts import qemu
from tests.localcloud.hosts.qmp import Monitor
from tests.localcloud.hosts.record import Disk

UNPLUG_SECONDS = 60


def plug(asked: Monitor, volume_id: str, disk: Disk) -> None:
    """Put a disk in."""
    for node in qemu.nodes(volume_id, disk):
        asked.execute("blockdev-add", **node)
    asked.execute("device_add", **qemu.device(volume_id, disk))


def unplug(asked: Monitor, volume_id: str, disk: Disk) -> None:
    """Pull a disk out; the running system is asked to let it go first, and has 5 s to do so if it is mounted there.

    Raises:
        LocalCloudError: the system did not let go in UNPLUG_SECONDS; then it is still in.
    """
    asked.execute("device_del", id=volume_id)
    try:
        asked.wait("DEVICE_DELETED", device=volume_id, seconds=UNPLUG_SECONDS)
    except TimeoutError:
        raise LocalCloudError(f"The system did not let go of {volume_id} in {UNPLUG_SECONDS} s.") from None
    for node in reversed(qemu.nodes(volume_id, disk)):
        asked.execute("blockdev-del", node_name=node["node-name"])


def resize(asked: Monitor, volume_id: str, disk: Disk) -> None:
    """Tell the system that the disk's file has grown."""
    asked.execute("block_resize", node_name=volume_id, size=Path(disk.path).stat().st_size)


def break_writes(asked: Monitor, volume_id: str, broken: Disk) -> None:
    """Put the layer in which writes fail between a disk and its file."""
    _, layer, top = qemu.nodes(volume_id, broken)
    asked.execute("blockdev-add", **layer)
    asked.execute("blockdev-reopen", options=[top])
