"""``zagent cloud converge``: bring a host to what it should be."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from zagent.cli.app import state
from zagent.errors import UsageError

from infra.cli.app import cloud


@cloud.command()
def converge(
    ctx: typer.Context,
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="A stack, such as dev (else this folder's only one), or a machine, such as ubuntu@192.0.2.7.",
            show_default=False,
        ),
    ] = "",
    serial: Annotated[str, typer.Option(help="The data disk's serial number, for a machine.", show_default=False)] = "",
    identity: Annotated[
        Path | None, typer.Option(help="The private key, for a machine; else SSH's own.", show_default=False)
    ] = None,
    host_key: Annotated[
        str, typer.Option(help="The host key a machine must show; else known_hosts decides.", show_default=False)
    ] = "",
    hub: Annotated[str, typer.Option(help="The hub to pull from, for a machine.", show_default=False)] = "",
) -> None:
    """Bring a host to what it should be, again.

    Mounts the data volume, installs the agent, pulls what is missing; also after a system-disk reset. Does nothing to
    a host that is as wanted, and never formats a disk that Pulumi did not make.
    """
    from infra.bootstrap.host import Login
    from infra.operations import converge as operation

    say = state(ctx).output.say
    user, at, address = target.rpartition("@")
    if not at:
        operation.stack(target, Path(), say)
        return
    if not serial:
        raise UsageError(
            detail=f"{target} needs --serial: a disk is told by its serial number alone (lsblk -o +SERIAL)"
        )
    operation.machine(operation.Machine(Login(address, user, identity, host_key), serial, hub), say)
