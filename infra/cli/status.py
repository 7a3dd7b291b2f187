"""``zagent cloud status``: what there is of a stack, and what to do next."""

from __future__ import annotations

from pathlib import Path

import typer
from zagent.cli.app import state
from zagent.cli.options import JsonOption

from infra.cli.app import StackOption, cloud


@cloud.command()
def status(ctx: typer.Context, stack: StackOption = "", json: JsonOption = False) -> None:
    """Show host, volume, snapshots, policy, what they cost a month, and what to do next.

    Asks AWS alone, not the host; nothing is changed.
    """
    from datetime import datetime, timezone

    from infra.cli import status_report
    from infra.operations.status import look
    from infra.stack_files import from_files

    output = state(ctx, json=json).output
    status_report.show(output, look(from_files(Path(), stack)), datetime.now(timezone.utc))
