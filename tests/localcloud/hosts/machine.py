"""One host: a folder with its root disk, its record, and QEMU while it is switched on."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from tests.localcloud.errors import LocalCloudError
from tests.localcloud.hosts import accelerator, agent, drives, qemu, record
from tests.localcloud.hosts.image import Image
from tests.localcloud.hosts.qmp import Monitor, monitor
from tests.localcloud.hosts.record import Record
from tests.localcloud.process import Process, descendants
from tests.localcloud.waiting import until

SHUTDOWN_SECONDS = 90
"""How long the system may take to power itself off. EC2 gives it minutes, too, and then cuts the power."""
PRESS_SECONDS = 5
"""Between two presses of the power button: a system that is still booting misses the first."""
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
                pid = _holder(file)
                process = Process.of(pid) if pid else None
                return process if pid == _holder(file) else None  # one that held it after its start time was read
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
            with _relays_end(process):
                self._press_power_button(process)
                process.end()

    def cut_power(self) -> None:
        """Take its power away: its system flushes nothing."""
        if process := self.process():
            with _relays_end(process):
                process.kill()

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
                with self._monitor() as asked:
                    drives.plug(asked, volume_id, after.disk(volume_id))
        except BaseException:
            before.write(self.folder)
            raise

    def resize(self, volume_id: str) -> None:
        """Tell its system, if it runs, that the file of a disk has grown. Raises LocalCloudError if it is not in."""
        disk = self.record.disk(volume_id)
        if self.process():
            with self._monitor() as asked:
                drives.resize(asked, volume_id, disk)

    def fail_writes(self, volume_id: str) -> None:
        """Have writes to a disk fail until it is pulled out. Raises LocalCloudError if it is not in."""
        if self.record.disk(volume_id).broken:
            return
        after = self.record.with_broken_disk(volume_id)
        if self.process():
            with self._monitor() as asked:
                drives.break_writes(asked, volume_id, after.disk(volume_id))
        after.write(self.folder)

    def mounts(self, volume_id: str) -> bool:
        """Whether a disk is mounted in its system; no if it is off, still boots, or does not answer any more."""
        if not self.process():
            return False
        with contextlib.suppress(OSError):
            with self._monitor() as asked:
                ports = {one["label"]: one["frontend-open"] for one in asked.execute("query-chardev")}
            return bool(ports[qemu.AGENT_PORT]) and agent.mounts(self.folder / qemu.AGENT, qemu.serial(volume_id))
        return False

    def detach(self, volume_id: str) -> None:
        """Pull a disk out, be it mounted or not.

        Raises:
            LocalCloudError: it is not in, or the system did not let go of it; then it is still in.
        """
        before = self.record
        if self.process():
            with self._monitor() as asked:
                drives.unplug(asked, volume_id, before.disk(volume_id))
        before.without_disk(volume_id).write(self.folder)

    def move(self, address: str) -> None:
        """Have it answer SSH on another address.

        Raises:
            LocalCloudError: somebody else listens there; it stays where it was.
        """
        before = self.record
        if self.process() and before.reachable and before.address != address:
            with self._monitor() as asked:
                _forward(asked, address)
                asked.console(f"hostfwd_remove {qemu.NETWORK} {qemu.listener(before.address)}")
        replace(before, address=address).write(self.folder)

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


@contextlib.contextmanager
def _relays_end(process: Process) -> Iterator[None]:
    """What QEMU has started for connections from the machine ends after it, at once."""
    relays = descendants(process.pid)
    yield
    for one in relays:
        one.end()


def _holder(file: IO[str]) -> int:
    """The process that holds a lock on a file, 0 for nobody."""
    asked = struct.pack(FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    kind, _, _, _, pid = struct.unpack(FLOCK, fcntl.fcntl(file, fcntl.F_GETLK, asked))
    return 0 if kind == fcntl.F_UNLCK else int(pid)


def _forward(asked: Monitor, address: str) -> None:
    if refused := asked.console(f"hostfwd_add {qemu.NETWORK} {qemu.forward(address)}"):
        raise LocalCloudError(f"The machine can't answer on {address}: {refused}.")


def _check_free(disk: Path) -> None:
    """Raise LocalCloudError if a machine has this disk, or it can't be opened.

    QEMU would tell, too, but version 7.2 then keeps half of the disk, under a name that can't be used again.
    """
    asked = subprocess.run(["qemu-io", "-f", "raw", "-c", "quit", disk], capture_output=True, text=True)
    if asked.returncode:
        raise LocalCloudError(f"{disk} can't be attached: {asked.stderr.strip()}")
