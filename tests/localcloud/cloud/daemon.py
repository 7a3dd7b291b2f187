"""The process that serves a local cloud.

It keeps the API's state in memory, so what the API knows ends with it, but for volumes and snapshots: those are kept
beside their disks. It does not end the machines when it ends: whoever stops the cloud does, also after this process
was killed, or else the next daemon.
"""

from __future__ import annotations

import fcntl
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from moto.core.models import DEFAULT_ACCOUNT_ID

from tests.localcloud.cloud import api, control
from tests.localcloud.cloud.disks import Disks
from tests.localcloud.cloud.ec2 import kept
from tests.localcloud.cloud.machines import Machines, NoMachines
from tests.localcloud.errors import LocalCloudError
from tests.localcloud.hosts import fleet
from tests.localcloud.process import Process
from tests.localcloud.state import MARKER, Record, State
from tests.standin.hub import Hub


def serve(state: State, weights: Path, make_machines: Callable[[int], Machines] | None) -> None:
    """Serve until SIGTERM or SIGINT.

    ``weights`` is the folder that the hub serves; ``make_machines`` gets the hub's port, None means instances without
    machines.

    Raises:
        LocalCloudError: another daemon serves this folder, or what is kept of volumes there can't be understood.
    """
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    hub = Hub(weights)
    hub.hash_files()  # the first listing must not pay for it
    with _alone(state), hub:
        fleet.remove_all(state.hosts)  # those that a killed daemon left: nobody knows their instances any more
        hub_port = urlsplit(hub.url).port or 0
        machines = make_machines(hub_port) if make_machines else NoMachines()
        with api.served(machines, Disks(state.volumes)) as port, control.served(lambda: hub.body_bytes) as control_port:
            _restore(state.volumes)
            me = Process.of(os.getpid())
            state.write(Record(me.pid, me.started, port, control_port, hub_port, hosts=bool(make_machines)))
            ended.wait()


def _restore(volumes: Path) -> None:
    """Know what was kept, at once: what can't be understood must end the start, not answer a later call."""
    for region in kept.regions(volumes, DEFAULT_ACCOUNT_ID):
        api.ec2(region)


@contextmanager
def _alone(state: State) -> Iterator[None]:
    """Hold the folder's lock, which the system lets go of when the process ends, however it ends."""
    with (state.folder / MARKER).open() as marker:
        try:
            fcntl.flock(marker, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LocalCloudError(f"Another daemon serves {state.folder}; see scripts/localcloud status.") from None
        yield
