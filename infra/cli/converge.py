"""``zagent cloud converge`` and ``plan``: bring a host to what it should be, or say what that would take."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from zagent.cli.app import state
from zagent.cli.options import JsonOption
from zagent.errors import UsageError

from infra.cli.app import cloud

if TYPE_CHECKING:
    from infra.bootstrap.steps.base import Target
    from infra.bootstrap.want import Want
    from infra.operations.taking import Say

TargetArgument = Annotated[
    str,
    typer.Argument(
        metavar="TARGET",
        help="A stack, such as dev (else this folder's only one), or a machine, such as ubuntu@192.0.2.7.",
        show_default=False,
    ),
]
SerialOption = Annotated[
    str,
    typer.Option(
        help="The data disk's serial number; for a stack it says that its disk is the right one, wherever it lived.",
        show_default=False,
    ),
]
IdentityOption = Annotated[
    Path | None, typer.Option(help="The private key, for a machine; else SSH's own.", show_default=False)
]
HostKeyOption = Annotated[
    str, typer.Option(help="The host key a machine must show; else known_hosts decides.", show_default=False)
]
HubOption = Annotated[str, typer.Option(help="The hub to pull from, for a machine.", show_default=False)]


@cloud.command()
def converge(
    ctx: typer.Context,
    target: TargetArgument = "",
    serial: SerialOption = "",
    identity: IdentityOption = None,
    host_key: HostKeyOption = "",
    hub: HubOption = "",
) -> None:
    """Bring a host to what it should be, again.

    Mounts the data volume, installs the agent, pulls what is missing; also after a system-disk reset. Does nothing to
    a host that is as wanted, and never formats a disk that Pulumi did not make.
    """
    from infra.bootstrap.converge import converge

    converge(*_reach(target, serial, identity, host_key, hub, state(ctx).output.say))


@cloud.command()
def plan(
    ctx: typer.Context,
    target: TargetArgument = "",
    serial: SerialOption = "",
    identity: IdentityOption = None,
    host_key: HostKeyOption = "",
    hub: HubOption = "",
    json: JsonOption = False,
) -> None:
    """Show the steps that converge would begin with, or why it would refuse.

    Nothing is changed. What follows the mount of the volume shows only once it is mounted.
    """
    from infra.bootstrap.converge import missing

    output = state(ctx, json=json).output
    steps = [str(one) for one in missing(*_reach(target, serial, identity, host_key, hub, output.say))]
    words = [f"{number:>3}  {one}" for number, one in enumerate(steps, 1)] or ["0 steps: the host is as wanted"]
    output.result("\n".join(words), steps=steps)


def _reach(target: str, serial: str, identity: Path | None, host_key: str, hub: str, say: Say) -> tuple[Target, Want]:
    from infra.bootstrap.ssh.login import Login
    from infra.operations import converge as operation

    user, at, address = target.rpartition("@")
    if not at:
        reached = operation.stack(target, Path(), say)
        return _vouched(*reached, serial) if serial else reached
    if not (user and address):
        raise UsageError(detail=f"no {'address' if user else 'user'} in {target!r}: a machine is USER@ADDRESS")
    if not serial:
        raise UsageError(
            detail=f"{target} needs --serial: a disk is told by its serial number alone (lsblk -o +SERIAL)"
        )
    return operation.machine(operation.Machine(Login(address, user, identity, host_key), serial, hub), say)


def _vouched(to: Target, want: Want, serial: str) -> tuple[Target, Want]:
    """A stack's host and want, where a person says of its disk what no record can prove; it is never formatted.

    Raises:
        UsageError: the stack's data volume is another one.
    """
    from infra.bootstrap.permission import Vouched
    from infra.bootstrap.want import serial_of

    if serial_of(serial) != want.serial:
        raise UsageError(detail=f"the data volume of {want.stack} has the serial number {want.serial}, not {serial}")
    return replace(to, permission=Vouched(to.permission)), want
