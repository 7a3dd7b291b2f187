"""``zagent cloud ssh`` and ``logs``: into the host, and what its services say."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from zagent.cli.app import state
from zagent.errors import ToolMissing

from infra.cli.app import StackOption, cloud


class Unit(str, Enum):
    """The services of zagent on a host."""

    pull = "pull"
    verify = "verify"
    verify_quick = "verify-quick"
    backup = "backup"
    backup_check = "backup-check"
    runtime = "runtime"
    thaw = "thaw"


@cloud.command(context_settings={"ignore_unknown_options": True})
def ssh(
    ctx: typer.Context,
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="[COMMAND]...", help="What to run there, after --; else a shell.", show_default=False),
    ] = None,
    stack: StackOption = "",
    only_print: Annotated[bool, typer.Option("--print", help="Print the line instead.")] = False,
) -> None:
    """Log in to the host: with the stack's key, accepting only the host key that Pulumi made."""
    import os

    from infra.operations import find, shell
    from infra.stack_files import from_files

    settings = from_files(Path(), stack)
    login = find.login(settings, find.running(settings))
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
    unit: Annotated[Unit | None, typer.Option("--unit", "-u", help="One of them alone.", show_default=False)] = None,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last lines.")] = 200,
    since: Annotated[
        str, typer.Option(help="No older ones, such as -2h or 'yesterday 18:00'.", show_default=False)
    ] = "",
) -> None:
    """Show what the services of zagent on the host said.

    They are the pull, both verifies, both backup services, the check of its packages, and the watchdog of snapshots.
    """
    from infra.bootstrap.ssh.connecting import connect
    from infra.operations import find, journal
    from infra.stack_files import from_files

    output, settings = state(ctx).output, from_files(Path(), stack)
    host = connect(find.login(settings, find.running(settings)), output.say)
    units = [one.value for one in ([unit] if unit else Unit)]
    journal.show(host, journal.words(units, lines, since, follow=follow), output.result)
