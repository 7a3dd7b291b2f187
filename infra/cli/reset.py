"""``zagent cloud reset``: a new system disk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from zagent.cli.app import state
from zagent.cli.options import JsonOption

from infra.cli.app import DryRunOption, StackOption, YesOption, cloud


@cloud.command()
def reset(
    ctx: typer.Context,
    stack: StackOption = "",
    ami: Annotated[str, typer.Option(help="Another image for the new disk.", show_default=False)] = "",
    discard: Annotated[bool, typer.Option("--discard", help="Give up the files that are listed.")] = False,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Give the host a new system disk, and make it whole again from the volume.

    First every byte of the weights is proved. What people keep on the old disk is listed, and must be given up with
    --discard. Nothing is fetched from the hub.
    """
    from infra.cli import ask, reset_report
    from infra.operations import reset as operation
    from infra.stack_files import from_files

    output = state(ctx, json=json).output
    begun = operation.look(from_files(Path(), stack), output.say, ami)
    lost = operation.valuables(begun)
    reset_report.lost(output, lost)
    if dry_run:
        output.result("nothing was done", dry_run=True, lost=lost)
        return
    reset_report.require_given_up(begun.found.instance_id, lost, discard=discard)
    ask.confirm(f"Replace the system disk of {begun.found.instance_id}?", yes)
    operation.carry_out(begun, ami)
    reset_report.done(output, begun, ami)
