"""``zagent cloud ssh`` and ``logs``: into the host, and what its services say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from zagent.cli.app import state
from zagent.errors import ToolMissing

from infra.cli.app import StackOption, cloud


@cloud.command(context_settings={"ignore_unknown_options": True})
def ssh(
    ctx: typer.Context,
    command: Annotated[
        list[str] | None, typer.Argument(help="What to run there, after --; else a shell.", show_default=False)
    ] = None,
    stack: StackOption = "",
    only_print: Annotated[bool, typer.Option("--print", help="Print the line instead.")] = False,
) -> None:
    """Log in to the host: with the stack's key, accepting only the host key that Pulumi made."""
    import os

    from infra.operations import find, shell
    from infra.stack_files import from_files

    login = find.host(from_files(Path(), stack)).login
    if only_print:
        state(ctx).output.result(shell.line(login, command or ()))
        return
    words = shell.words(login, command or ())
    try:
        os.execvp(words[0], words)
    except FileNotFoundError as error:
        raise ToolMissing(tool="ssh", package="openssh-client") from error


@cloud.command()
def logs(
    ctx: typer.Context,
    stack: StackOption = "",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines come.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last lines.")] = 200,
) -> None:
    """Show what the services of zagent on the host said: pull, verify and their timers."""
    from infra.bootstrap.host import connect
    from infra.operations import find, journal
    from infra.stack_files import from_files

    output = state(ctx).output
    host = connect(find.host(from_files(Path(), stack)).login, output.say)
    journal.show(host, lines, output.result, follow=follow)
