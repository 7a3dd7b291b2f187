"""``zagent cloud snapshot restore``: the stack's volume from a snapshot, in any zone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from zagent import text
from zagent.cli.app import state
from zagent.cli.options import JsonOption

from infra.cli.app import DryRunOption, StackOption, YesOption, snapshot

if TYPE_CHECKING:
    from infra.operations.restore import Plan


@snapshot.command()
def restore(
    ctx: typer.Context,
    zone: Annotated[str, typer.Option(help="The availability zone to move to.", show_default=False)],
    source: Annotated[
        str,
        typer.Argument(metavar="[SNAPSHOT]", help="The snapshot; else a fresh one, or the newest.", show_default=False),
    ] = "",
    stack: StackOption = "",
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Make the stack's volume anew from a snapshot, in ZONE.

    The road to another zone: `pulumi destroy`, this, `pulumi up`. A volume that is there is snapshotted first, unless
    SNAPSHOT is named; it is kept, and no longer belongs to the stack.
    """
    from infra.cli import ask
    from infra.operations import restore as operation
    from infra.stack_files import from_files

    output = state(ctx, json=json).output
    plan = operation.plan(from_files(Path(), stack), zone, source)
    for line in _words(plan):
        output.say(line)
    if dry_run:
        output.result("nothing was done", dry_run=True, zone=zone)
        return
    ask.confirm("Do this?", yes)
    done = operation.carry_out(plan, output.say)
    output.result(f"{done.volume} in {done.zone} is the stack's volume now", **vars(done))
    for line in _next(plan, done.volume):
        output.say(line)


def _words(plan: Plan) -> list[str]:
    begun = [
        f"{one.id}, of a restore that did not end, stays, and no longer belongs to the stack" for one in plan.begun
    ]
    if plan.snapshot:
        taken = text.moment(plan.snapshot.started)
        first = [f"a volume in {plan.zone} is made of {plan.snapshot.id}, taken {taken}"]
    else:
        first = [f"a snapshot is taken now, and of it a volume is made in {plan.zone}"]
    old = [f"{plan.old.id} stays in {plan.old.zone}, and no longer belongs to the stack"] if plan.old else []
    return [*first, *old, *begun]


def _next(plan: Plan, made: str) -> list[str]:
    settings = plan.settings
    lines = [f"next:  pulumi config set volumeId {made}"] if settings.volume_id else []
    lines += ["next:  pulumi config rm availabilityZone"] if settings.availability_zone not in ("", plan.zone) else []
    lines.append("next:  pulumi up   adopts it")
    left = [*([plan.old] if plan.old else []), *plan.begun]
    return [*lines, *(f"later: zagent cloud volume purge {one.id}   once all is well" for one in left)]
