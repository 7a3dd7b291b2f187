"""``zagent cloud snapshot ls|prune``: what snapshots there are, and the end of those beyond the count."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from zagent.cli.app import state
from zagent.cli.options import JsonOption

from infra.cli.app import DryRunOption, StackOption, YesOption, snapshot


@snapshot.command("ls")
def listing(ctx: typer.Context, stack: StackOption = "", json: JsonOption = False) -> None:
    """List the stack's snapshots, newest first, and those of its system disk."""
    from datetime import datetime, timezone

    from infra.cli import snapshot_report
    from infra.operations import snapshots
    from infra.stack_files import from_files

    output = state(ctx, json=json).output
    snapshot_report.listed(output, snapshots.of_stack(from_files(Path(), stack)), datetime.now(timezone.utc))


@snapshot.command()
def prune(
    ctx: typer.Context,
    keep: Annotated[
        int | None, typer.Option(min=1, help="How many stay of each kind; else snapshotKeep.", show_default=False)
    ] = None,
    stack: StackOption = "",
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Delete your snapshots of this stack that are beyond the count, such as those an earlier policy left.

    Keeps that many verified and that many other snapshots, those of the existing volume first; of a volume that is
    gone at least the newest of either kind, unless it has a final one. Also kept: whatever a policy of the stack
    counts, final snapshots, what is restored next, and whatever is somebody else's.
    """
    from datetime import datetime, timezone

    from infra.cli import ask, snapshot_report
    from infra.operations import prune as operation
    from infra.stack_files import from_files

    output, settings = state(ctx, json=json).output, from_files(Path(), stack)
    plan = operation.plan(settings, keep or settings.snapshot_keep)
    snapshot_report.planned(output, plan, datetime.now(timezone.utc), dry_run=dry_run)
    if dry_run or not plan.doomed:
        return
    ask.confirm(f"Delete {snapshot_report.counted(len(plan.doomed))}?", yes)
    for one in operation.carry_out(plan):
        snapshot_report.outcome(output, one)
