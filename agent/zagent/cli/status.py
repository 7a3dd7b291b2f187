"""``zagent status``."""

from __future__ import annotations

import typer

from zagent.cli.app import app, state
from zagent.cli.options import JsonOption


@app.command()
def status(ctx: typer.Context, json: JsonOption = False) -> None:
    """Show how the data root, its weights and its copies stand.

    Answers at once, from what zagent recorded: nothing is hashed, no destination is asked. The last line is what to do
    next. Exits with the code of the first error, such as an overdue backup; warnings do not count.
    """
    from zagent.cli import status_report

    here = state(ctx, json=json)
    raise typer.Exit(status_report.status(here.output, here.settings))
