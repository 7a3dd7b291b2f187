"""What is kept of a host beside its root disk, so that whoever comes next finds it as it was."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from zagent import durable

from tests.localcloud.errors import LocalCloudError

PORTS = 8
"""How many disks can be plugged in: each needs a port of its own, there from the start."""

FILE = "host.json"


@dataclass(frozen=True)
class Disk:
    """A volume in a host: its file, raw, the number of the port it is in, from 0, and whether writes to it fail."""

    path: str
    port: int
    broken: bool = False


@dataclass(frozen=True)
class Record:
    """A host: the address on which it answers SSH, if it is ``reachable``, and its disks by volume id."""

    instance_id: str
    address: str
    reachable: bool = True
    disks: dict[str, Disk] = field(default_factory=dict)

    def with_disk(self, volume_id: str, path: Path) -> Record:
        """The record with a disk more, in the first free port.

        Raises:
            LocalCloudError: the volume is there already, or no port is free.
        """
        taken = {disk.port for disk in self.disks.values()}
        free = [port for port in range(PORTS) if port not in taken]
        if volume_id in self.disks or not free:
            why = "is in it already" if volume_id in self.disks else f"would be its disk number {PORTS + 1}"
            raise LocalCloudError(f"{volume_id} can't be attached to {self.instance_id}: it {why}.")
        return self._with({**self.disks, volume_id: Disk(str(path.absolute()), free[0])})

    def without_disk(self, volume_id: str) -> Record:
        """The record with a disk less. Raises as ``disk`` does."""
        self.disk(volume_id)
        return self._with({name: disk for name, disk in self.disks.items() if name != volume_id})

    def with_broken_disk(self, volume_id: str) -> Record:
        """The record with a disk to which writes fail. Raises as ``disk`` does."""
        return self._with({**self.disks, volume_id: replace(self.disk(volume_id), broken=True)})

    def disk(self, volume_id: str) -> Disk:
        """One of its disks.

        Raises:
            LocalCloudError: it is not there.
        """
        if volume_id not in self.disks:
            raise LocalCloudError(f"{volume_id} is not attached to {self.instance_id}.")
        return self.disks[volume_id]

    def _with(self, disks: dict[str, Disk]) -> Record:
        return replace(self, disks=disks)

    def write(self, folder: Path) -> None:
        """Keep it in the host's folder."""
        durable.write(folder / FILE, json.dumps(asdict(self), indent=1).encode())


def read(folder: Path) -> Record:
    """The record in a host's folder.

    Raises:
        FileNotFoundError: there is no host.
    """
    kept = json.loads((folder / FILE).read_text())
    disks = {volume_id: Disk(**disk) for volume_id, disk in kept["disks"].items()}
    return Record(**kept | {"disks": disks})
