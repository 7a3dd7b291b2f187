"""``zagent schedule``: install, status, remove."""

from __future__ import annotations

from typing import Annotated

import typer

from zagent.cli.app import app, state
from zagent.cli.options import JsonOption

schedule = typer.Typer(help="Timers that verify and back up the weights.", no_args_is_help=True)
app.add_typer(schedule, name="schedule")


@schedule.command()
def install(
    ctx: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")] = False,
    json: JsonOption = False,
) -> None:
    """Let systemd verify the weights and back them up by itself.

    Sizes and backups every night, every byte once a week; bound to the data volume. A service that fails runs
    /etc/zagent/on-failure with its name, if that is a program. Needs root.
    """
    from zagent.cli import schedule_report

    here = state(ctx, json=json)
    schedule_report.install(here.output, here.settings.data_root, dry_run=dry_run)


@schedule.command()
def status(ctx: typer.Context, json: JsonOption = False) -> None:
    """Show when each timer runs and how it went."""
    from zagent.cli import schedule_report

    schedule_report.status(state(ctx, json=json).output)


@schedule.command()
def remove(ctx: typer.Context, json: JsonOption = False) -> None:
    """Stop the timers and delete their units.

    Only files that zagent wrote are deleted. Needs root.
    """
    from zagent.cli import schedule_report

    schedule_report.remove(state(ctx, json=json).output)
