"""The machines behind EC2's instances, each in a folder of its own below one folder."""

from __future__ import annotations

import contextlib
import fcntl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.localcloud.errors import LocalCloudError
from tests.localcloud.hosts import qemu, seed
from tests.localcloud.hosts.image import Image
from tests.localcloud.hosts.machine import Machine
from tests.localcloud.hosts.record import FILE, Record

UNMOUNT_POLL_SECONDS = 1


class Gone(LocalCloudError):
    """There is no such machine, or not any more."""

    def __init__(self, instance_id: str, folder: Path) -> None:
        super().__init__(f"There is no machine of {instance_id} in {folder}.")


class Fleet:
    """Machines by instance id. They outlive this object and its process; another Fleet of the same folder has them.

    ``services`` are what the machines reach, on port 80 of an address in 10.0.2.0/24: each a port on this machine's
    127.0.0.1. The calls may come from many threads and processes; those about one machine wait for each other.
    """

    def __init__(self, folder: Path, image: Image, services: Mapping[str, int]) -> None:
        self.folder, self._image, self._services = folder.absolute(), image, services
        folder.mkdir(parents=True, exist_ok=True)

    def launch(self, instance_id: str, address: str, user_data: bytes, public_key: str, reachable: bool = True) -> None:
        """Make a machine and switch it on; it will answer SSH on ``address``, port 22, when it has booted.

        Its first boot runs ``user_data``; ``public_key``, if not empty, lets the user ``ubuntu`` in. One that is not
        ``reachable`` never answers.

        Raises:
            LocalCloudError: QEMU did not start; nothing is left.
            FileExistsError: there is a machine of that id.
        """
        folder = self.machine(instance_id).folder
        folder.mkdir(mode=0o700)  # the user data may hold the host's private key
        Record(instance_id, address, reachable).write(folder)
        with self._held(instance_id) as machine:
            try:
                seed.write(folder / qemu.SEED, instance_id, user_data, public_key)
                machine.renew_root()
                machine.start()
            except BaseException:
                machine.remove()
                raise

    def stop(self, instance_id: str) -> None:
        """Shut a machine down as its power button does, or by force if that fails; it keeps its disks."""
        with self._held(instance_id) as machine:
            machine.stop()

    def start(self, instance_id: str, address: str) -> None:
        """Switch a machine on; it will answer on ``address``.

        Raises:
            LocalCloudError: QEMU did not start.
        """
        with self._held(instance_id) as machine:
            machine.move(address)
            machine.start()

    def move(self, instance_id: str, address: str) -> None:
        """Have a machine answer on another address, now if it is on, and after every boot.

        Raises:
            LocalCloudError: somebody else listens there; nothing changed.
        """
        with self._held(instance_id) as machine:
            machine.move(address)

    def reboot(self, instance_id: str) -> None:
        """Shut a machine down and switch it on again. Raises as ``start`` does."""
        with self._held(instance_id) as machine:
            machine.stop()
            machine.start()

    def power_cut(self, instance_id: str) -> None:
        """Take a machine's power away and boot it again, if it is on. Raises as ``start`` does."""
        with self._held(instance_id) as machine:
            if machine.process():
                machine.cut_power()
                machine.start()

    def replace_root(self, instance_id: str) -> None:
        """Give a machine a system disk fresh from the image and boot it; its other disks stay in it.

        The first boot's user data runs again. Raises as ``start`` does.
        """
        with self._held(instance_id) as machine:
            machine.stop()
            machine.renew_root()
            machine.start()

    def terminate(self, instance_id: str) -> None:
        """Shut a machine down and remove all of it but the disks of volumes; nothing happens if it is gone."""
        if self.machine(instance_id).folder.exists():
            with self._held(instance_id) as machine:
                machine.remove()

    def attach(self, instance_id: str, volume_id: str, disk: Path) -> None:
        """Put a volume's ``disk``, a raw file, into a machine, be it on or off; it stays in through stop and start.

        The system sees its serial, the volume id without its dash, a few seconds later.

        Raises:
            LocalCloudError: it is in already, the machine has too many, or another one has it. Nothing changed.
        """
        with self._held(instance_id) as machine:
            machine.attach(volume_id, disk)

    def resize(self, instance_id: str, volume_id: str) -> None:
        """Tell a machine, if it is on, that a volume has grown. Raises LocalCloudError if it is not in."""
        with self._held(instance_id) as machine:
            machine.resize(volume_id)

    def fail_writes(self, instance_id: str, volume_id: str) -> None:
        """Have a machine's writes to a volume fail until it is taken out. Raises LocalCloudError if it is not in."""
        with self._held(instance_id) as machine:
            machine.fail_writes(volume_id)

    def detach(self, instance_id: str, volume_id: str, force: bool = False) -> None:
        """Take a volume out of a machine; when this returns, the file is nobody's and whole.

        As long as the volume is mounted there, this waits, unless by ``force``; others may use the machine meanwhile,
        and the wait also ends when one of them switches it off, or takes the volume out.

        Raises:
            LocalCloudError: it is not in, or the system does not let it go.
        """
        with self._held(instance_id) as machine:
            machine.record.disk(volume_id)
        while self._keeps(instance_id, volume_id, force):
            time.sleep(UNMOUNT_POLL_SECONDS)

    def _keeps(self, instance_id: str, volume_id: str, force: bool) -> bool:
        """Whether a volume stays in a machine for it is mounted; else it is taken out."""
        with contextlib.suppress(Gone), self._held(instance_id) as machine:
            if volume_id in machine.record.disks:
                if not force and machine.mounts(volume_id):
                    return True
                machine.detach(volume_id)
        return False

    def running(self, instance_id: str) -> bool:
        """Whether a machine is switched on; no for one that does not exist."""
        return self.machine(instance_id).process() is not None

    def machine(self, instance_id: str) -> Machine:
        """The machine itself, there or not; who changes it through this waits for nobody."""
        return Machine(self.folder / instance_id, self._image, self._services)

    @contextmanager
    def _held(self, instance_id: str) -> Iterator[Machine]:
        """A machine that nobody else touches meanwhile."""
        machine = self.machine(instance_id)
        try:
            lock = (machine.folder / "lock").open("w")
        except FileNotFoundError:
            raise Gone(instance_id, self.folder) from None
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not machine.folder.exists():  # the one that had the lock has removed it
                raise Gone(instance_id, self.folder)
            yield machine


def remove_all(folder: Path) -> None:
    """Shut down and remove every machine below a folder, whoever started it; the disks of volumes stay."""
    for own in sorted(found.parent for found in folder.glob(f"*/{FILE}")):
        Machine(own, Image(own), {}).remove()  # which needs neither an image nor services
