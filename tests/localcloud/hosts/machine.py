"""One host: a folder with its root disk, its record, and QEMU while it is switched on."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import struct
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.localcloud.errors import LocalCloudError
from tests.localcloud.hosts import accelerator, qemu, record
from tests.localcloud.hosts.image import Image
from tests.localcloud.hosts.qmp import Monitor, monitor
from tests.localcloud.hosts.record import Disk, Record
from tests.localcloud.process import Process
from tests.localcloud.waiting import until

SHUTDOWN_SECONDS = 90
"""How long the system may take to power itself off. EC2 gives it minutes, too, and then cuts the power."""
PRESS_SECONDS = 5
"""Between two presses of the power button: a system that is still booting misses the first."""
UNPLUG_SECONDS = 60
INSTANCE_STORE_BYTES = 1 << 30

FLOCK = "hhqqi4x"
"""struct flock on x86-64 Linux, see fcntl(2): type, whence, start, length, pid."""


@dataclass(frozen=True)
class Machine:
    """The host in ``folder``. One caller at a time; Fleet sees to that."""

    folder: Path
    image: Image
    services: Mapping[str, int]

    @property
    def record(self) -> Record:
        """What is kept of it."""
        return record.read(self.folder)

    def process(self) -> Process | None:
        """Its QEMU, None while it is switched off.

        Not whose number the pid file holds, but who holds its lock, which the kernel takes back from a process that
        ends: a file that a crash left behind names nobody.
        """
        try:
            with (self.folder / qemu.PID_FILE).open() as file:
                asked = struct.pack(FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
                kind, _, _, _, pid = struct.unpack(FLOCK, fcntl.fcntl(file, fcntl.F_GETLK, asked))
            return None if kind == fcntl.F_UNLCK else Process.of(pid)
        except (FileNotFoundError, ProcessLookupError):
            return None

    def renew_root(self) -> None:
        """Give it a root disk fresh from the image, in place of the one it has, if any."""
        fresh = self.folder / "root.fresh"
        base = ["-b", str(self.image.root), "-F", "raw"]
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", *base, fresh], check=True)
        fresh.replace(self.folder / qemu.ROOT)

    def start(self) -> None:
        """Switch it on; the instance store is blank, as EC2's is after a stop. Nothing happens if it is on.

        Raises:
            LocalCloudError: QEMU did not start, with what it said.
        """
        if self.process():
            return
        with (self.folder / qemu.INSTANCE_STORE).open("wb") as store:
            store.truncate(INSTANCE_STORE_BYTES)
        command = qemu.command(self.record, self.image, self.services, accelerator.best(self.image.kernel))
        ran = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        if ran.returncode:
            raise LocalCloudError(f"The machine of {self.folder.name} did not start: {ran.stderr.strip()}")

    def stop(self) -> None:
        """Press the power button, and cut the power if the system does not switch itself off in SHUTDOWN_SECONDS."""
        if process := self.process():
            self._press_power_button(process)
            process.end()

    def _press_power_button(self, process: Process) -> None:
        deadline = time.monotonic() + SHUTDOWN_SECONDS
        while process.alive() and time.monotonic() < deadline:
            with contextlib.suppress(OSError), self._monitor() as asked:  # it may end in between
                asked.execute("system_powerdown")
            with contextlib.suppress(TimeoutError):
                until(lambda: not process.alive(), PRESS_SECONDS)

    def attach(self, volume_id: str, path: Path) -> None:
        """Put a disk in, for now and for every later start.

        Raises:
            LocalCloudError: it is in already, here or elsewhere, or all ports are taken; then nothing changed.
        """
        before = self.record
        after = before.with_disk(volume_id, path)
        _check_free(path)
        after.write(self.folder)
        try:
            if self.process():
                self._plug(volume_id, after.disks[volume_id])
        except BaseException:
            before.write(self.folder)
            raise

    def _plug(self, volume_id: str, disk: Disk) -> None:
        with self._monitor() as asked:
            asked.execute("blockdev-add", **qemu.node(volume_id, disk))
            asked.execute("device_add", **qemu.device(volume_id, disk))

    def detach(self, volume_id: str) -> None:
        """Pull a disk out; the running system is asked to let it go first.

        Raises:
            LocalCloudError: it is not in, or the system did not let go in UNPLUG_SECONDS; then it is still in.
        """
        after = self.record.without_disk(volume_id)
        if self.process():
            with self._monitor() as asked:
                self._unplug(volume_id, asked)
        after.write(self.folder)

    def _unplug(self, volume_id: str, asked: Monitor) -> None:
        asked.execute("device_del", id=volume_id)
        try:
            asked.wait("DEVICE_DELETED", device=volume_id, seconds=UNPLUG_SECONDS)
        except TimeoutError:
            raise LocalCloudError(f"{self.folder.name} did not let go of {volume_id} in {UNPLUG_SECONDS} s.") from None
        asked.execute("blockdev-del", node_name=volume_id)

    # Safety contract: the folder is removed ONLY if
    #   1. it is a host's: it holds a record, and
    #   2. its QEMU has ended.
    # The disks of volumes lie elsewhere and stay.
    def remove(self) -> None:
        """Shut it down and remove its folder.

        Raises:
            FileNotFoundError, LocalCloudError: a clause of the contract does not hold; nothing was removed.
        """
        _ = self.record
        self.stop()
        if process := self.process():
            raise LocalCloudError(f"Process {process.pid} of {self.folder} can't be ended: end it, then again.")
        shutil.rmtree(self.folder)

    def _monitor(self) -> contextlib.AbstractContextManager[Monitor]:
        return monitor(self.folder / qemu.MONITOR)


def _check_free(disk: Path) -> None:
    """Raise LocalCloudError if a machine has this disk, or it can't be read.

    QEMU would tell, too, but version 7.2 then keeps half of the disk, under a name that can't be used again.
    """
    asked = subprocess.run(["qemu-img", "info", "-f", "raw", disk], capture_output=True, text=True)
    if asked.returncode:
        raise LocalCloudError(f"{disk} can't be attached: {asked.stderr.strip()}")
