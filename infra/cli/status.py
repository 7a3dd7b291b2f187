"""``zagent cloud status``: what there is of a stack, and what to do next."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from zagent.cli.app import state
from zagent.cli.options import JsonOption

from infra.cli.app import StackOption, cloud


@cloud.command()
def status(
    ctx: typer.Context,
    stack: StackOption = "",
    no_host: Annotated[bool, typer.Option("--no-host", help="Ask AWS alone.")] = False,
    json: JsonOption = False,
) -> None:
    """Show host, volume, snapshots, policy, what they cost a month, and what to do next.

    A host that runs is asked how full the volume is, and what its doctor finds. Nothing is changed.
    """
    from datetime import datetime, timezone

    from infra.cli import status_report
    from infra.operations.inside import asked
    from infra.operations.status import look
    from infra.stack_files import from_files

    output = state(ctx, json=json).output
    found = look(from_files(Path(), stack))
    status_report.show(output, found if no_host else asked(found), datetime.now(timezone.utc))
