"""``zagent env`` and ``zagent doctor``."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from zagent.cli.app import app, state
from zagent.cli.options import JsonOption


class Shape(str, Enum):
    """The forms of the environment."""

    shell = "shell"
    dotenv = "dotenv"


@app.command()
def env(
    ctx: typer.Context,
    form: Annotated[Shape, typer.Option("--format", help='shell suits eval "$(zagent env)".')] = Shape.shell,
    explain: Annotated[bool, typer.Option("--explain", help="Say where each value came from instead.")] = False,
) -> None:
    """Print the pinned variables.

    With them other code finds the same weights and never asks a hub. Warns where the data root is not what it should
    be: that code would load to the system disk.
    """
    from zagent.cli import machine_report

    here = state(ctx)
    print(machine_report.environment(here.settings, form.value, explain=explain))
    machine_report.warn(here.output, here.settings)


@app.command()
def doctor(
    ctx: typer.Context,
    fix: Annotated[bool, typer.Option("--fix", help="Delete the partial files of dead downloads.")] = False,
    json: JsonOption = False,
) -> None:
    """Check everything that generating needs.

    Exits with the code of the first error; warnings do not count.
    """
    from zagent.cli import machine_report

    here = state(ctx, json=json)
    raise typer.Exit(machine_report.doctor(here.output, here.settings, fix=fix))
