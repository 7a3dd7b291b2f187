"""What EC2 needs of the machines behind its instances."""

from __future__ import annotations

import errno
import socket
from collections.abc import Collection
from ipaddress import IPv4Address
from pathlib import Path
from typing import Protocol

FIRST = IPv4Address("127.0.0.2")
ADDRESSES = 100
SSH_PORT = 22


class Machines(Protocol):
    """The machines by instance id. Each call returns when it is done, and raises what went wrong."""

    def launch(self, instance_id: str, address: str, user_data: bytes, public_key: str, reachable: bool = True) -> None:
        """Make a machine that boots from the image with ``user_data`` and answers SSH on ``address``, port 22.

        ``public_key`` is the line that lets the image's login user in, or empty. One that is not ``reachable`` runs
        as any other, and never answers.
        """

    def stop(self, instance_id: str) -> None:
        """Shut it down, keeping its root disk."""

    def start(self, instance_id: str, address: str) -> None:
        """Boot it again, to answer on ``address``."""

    def move(self, instance_id: str, address: str) -> None:
        """Have it answer on another ``address`` from now on, while it runs or not."""

    def reboot(self, instance_id: str) -> None:
        """Restart its system."""

    def power_cut(self, instance_id: str) -> None:
        """Take its power away, so that nothing is flushed, and boot it again."""

    def terminate(self, instance_id: str) -> None:
        """Shut it down and remove its root disk."""

    def replace_root(self, instance_id: str) -> None:
        """Give it a new root disk from the image and boot it; its other disks stay."""

    def attach(self, instance_id: str, volume_id: str, disk: Path) -> None:
        """Plug a disk in, while it runs or not."""

    def resize(self, instance_id: str, volume_id: str) -> None:
        """Tell it that the file of a disk which is plugged in has grown."""

    def fail_writes(self, instance_id: str, volume_id: str) -> None:
        """Have writes to a disk which is plugged in fail from now on, until it is pulled out."""

    def detach(self, instance_id: str, volume_id: str, force: bool = False) -> None:
        """Pull a disk out, when its system has let it go: not as long as it is mounted there, unless by ``force``.

        Stopping or terminating the machine ends the wait, too.
        """

    def running(self, instance_id: str) -> bool:
        """Whether it is switched on."""


class NoMachines:
    """Instances without machines: enough for a program whose host is never spoken to."""

    def launch(self, instance_id: str, address: str, user_data: bytes, public_key: str, reachable: bool = True) -> None:
        """Do nothing."""

    def stop(self, instance_id: str) -> None:
        """Do nothing."""

    def start(self, instance_id: str, address: str) -> None:
        """Do nothing."""

    def move(self, instance_id: str, address: str) -> None:
        """Do nothing."""

    def reboot(self, instance_id: str) -> None:
        """Do nothing."""

    def power_cut(self, instance_id: str) -> None:
        """Do nothing."""

    def terminate(self, instance_id: str) -> None:
        """Do nothing."""

    def replace_root(self, instance_id: str) -> None:
        """Do nothing."""

    def attach(self, instance_id: str, volume_id: str, disk: Path) -> None:
        """Do nothing."""

    def resize(self, instance_id: str, volume_id: str) -> None:
        """Do nothing."""

    def fail_writes(self, instance_id: str, volume_id: str) -> None:
        """Do nothing."""

    def detach(self, instance_id: str, volume_id: str, force: bool = False) -> None:
        """Do nothing."""

    def running(self, instance_id: str) -> bool:
        """No."""
        return False


def free_address(taken: Collection[str]) -> str:
    """The first of 127.0.0.2, 127.0.0.3, … that is not ``taken`` and on whose port 22 nobody listens.

    Raises:
        OSError: none is free, as when an SSH server of this machine listens on all addresses.
    """
    for number in range(ADDRESSES):
        address = str(FIRST + number)
        if address not in taken and not _in_use(address):
            return address
    raise OSError(errno.EADDRINUSE, f"port 22 is taken on {ADDRESSES} addresses from {FIRST} on")


def _in_use(address: str) -> bool:
    """Whether somebody listens there; that one needs root to do so is for the machine to find out."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((address, SSH_PORT))
            trial.listen()
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False
