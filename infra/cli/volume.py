"""``zagent cloud volume``: what volumes there are, and the only road on which one is deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from zagent.cli.app import state
from zagent.cli.options import JsonOption

from infra.cli.app import DryRunOption, StackOption, YesOption, volume

UnownedOption = Annotated[
    bool, typer.Option("--unowned", help="Say that a volume that names no owner, as an adopted one, is yours.")
]


@volume.command("ls")
def listing(ctx: typer.Context, stack: StackOption = "", json: JsonOption = False) -> None:
    """List the stack's volumes, and those whose place it took in a restore."""
    from infra.cli import volume_report
    from infra.operations import volumes
    from infra.stack_files import from_files

    volume_report.listed(state(ctx, json=json).output, volumes.of_stack(from_files(Path(), stack)))


@volume.command()
def purge(
    ctx: typer.Context,
    volume_id: Annotated[str, typer.Argument(metavar="VOL_ID", help="The volume's id, in full.", show_default=False)],
    stack: StackOption = "",
    unowned: UnownedOption = False,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Delete a volume, once a last snapshot of it is completed.

    Only a volume of this stack and of yours that is attached to nothing. The last line says how it comes back.
    """
    from infra.cli import ask
    from infra.operations import purge as operation
    from infra.stack_files import from_files

    output, settings = state(ctx, json=json).output, from_files(Path(), stack)
    found = operation.require(settings, volume_id, unowned=unowned)
    output.say(f"{found.id}, {found.size} GiB in {found.zone}: a last snapshot is taken, then the volume is deleted")
    if dry_run:
        output.result("nothing was done", dry_run=True, volume=found.id)
        return
    ask.typed(found.id, yes)
    last = operation.purge(settings, volume_id, output.say, unowned=unowned)
    output.result(f"{found.id} is deleted; {last.id} holds what it held", volume=found.id, snapshot=last.id)
    output.say(f"back:  pulumi config set restore {last.id}, `pulumi up`, then pulumi config set restore auto")
