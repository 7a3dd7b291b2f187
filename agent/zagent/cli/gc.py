"""``zagent gc``."""

from __future__ import annotations

from typing import Annotated

import typer

from zagent.cli.app import app, state
from zagent.cli.options import JsonOption


@app.command()
def gc(
    ctx: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what can go; delete nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
    json: JsonOption = False,
) -> None:
    """Free space: delete what nobody needs.

    Partial files of dead downloads, backups and restores; files that no manifest names; compile caches that were not
    used for 30 days; float32 weights that were converted, once the converted ones are verified and backed up. It shows
    all of it first, and asks.
    """
    from zagent.cli import gc_report

    here = state(ctx, json=json)
    gc_report.gc(here.output, here.settings, dry_run=dry_run, yes=yes)
