"""``zagent cloud converge`` and ``plan``: the bootstrap of `pulumi up`, with no Pulumi state."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from infra.bootstrap.permission import NoRecord, VolumeTag
from infra.bootstrap.ssh.connecting import connect
from infra.bootstrap.ssh.host import Host
from infra.bootstrap.ssh.login import Login
from infra.bootstrap.steps.base import Target
from infra.bootstrap.want import Want, of_stack, serial_of
from infra.operations import find
from infra.operations.taking import Say
from infra.settings import Settings
from infra.stack_files import from_files


@dataclass(frozen=True)
class Machine:
    """A machine that Pulumi need not know: how to log in, and the serial number of its data disk."""

    login: Login
    serial: str
    modelscope_endpoint: str = ""
    pull: bool = True


def stack(name: str, folder: Path, say: Say) -> tuple[Target, Want]:
    """The running host of a stack, and what it should be. An empty ``name`` means the only stack here.

    Raises:
        CloudError, HostError: what stands against it.
    """
    own = from_files(folder, name)
    found = find.host(own)
    return target(own, found, connect(found.login, say), say), of_stack(found.volume_id, vars(own))


def target(own: Settings, found: find.Found, host: Host, say: Say) -> Target:
    """What steps act on: a stack's host that was found, and the record of the volume that it has."""
    return Target(host, VolumeTag(found.volume_id, own.project, own.stack, own.access), say)


def machine(given: Machine, say: Say) -> tuple[Target, Want]:
    """Any machine, and what it should be. Its disk is never formatted: no record vouches for it.

    Raises:
        HostError: what stands against it.
    """
    want = Want(
        serial_of(given.serial), given.login.user, modelscope_endpoint=given.modelscope_endpoint, pull=given.pull
    )
    return Target(connect(given.login, say), NoRecord(), say), want
