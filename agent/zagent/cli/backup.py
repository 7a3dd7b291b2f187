"""``zagent backup`` and ``zagent restore``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zagent.cli.app import app, state
from zagent.cli.options import JsonOption
from zagent.weights.model import DEFAULT_REVISION

backup = typer.Typer(help="Keep a second copy, proved as it is made.", invoke_without_command=True)
app.add_typer(backup, name="backup")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="A destination's name.", show_default=False)]
OptionalName = Annotated[
    str | None, typer.Argument(metavar="[NAME]", help="One destination; else all.", show_default=False)
]


@backup.callback()
def everything(ctx: typer.Context, json: JsonOption = False) -> None:
    """Bring every destination up to date; alone it is `zagent backup now`."""
    state(ctx, json=json)
    if ctx.invoked_subcommand is None:
        now(ctx, None, json)


@backup.command()
def now(ctx: typer.Context, name: OptionalName = None, json: JsonOption = False) -> None:
    """Bring destinations up to date.

    Every byte that is copied is compared with the manifest on the way; a damaged file never replaces a good copy.
    Seconds where nothing changed.
    """
    from zagent.cli import backup_report

    here = state(ctx, json=json)
    backup_report.now(here.output, here.store, name)


@backup.command()
def add(
    ctx: typer.Context,
    name: NameArgument,
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET", help="A folder on another disk; restic:/FOLDER, sftp:… or s3:….", show_default=False
        ),
    ],
    same_device: Annotated[
        bool, typer.Option("--same-device", help="Accept a folder on the disk that holds the weights.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the place of another destination named NAME; its copies stay.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Make TARGET a destination of backups.

    A folder gets plain copies of the weights; a restic repository everything, encrypted, with a history.
    """
    from zagent.cli import backup_report
    from zagent.protect.add import add

    here = state(ctx, json=json)
    made = add(here.settings.layout, name, target, same_device=same_device, replace=replace)
    backup_report.added(here.output, here.store, made)


@backup.command()
def remove(ctx: typer.Context, name: NameArgument, json: JsonOption = False) -> None:
    """Forget a destination; its copies stay."""
    from zagent.cli import backup_report
    from zagent.protect.add import remove

    here = state(ctx, json=json)
    backup_report.removed(here.output, here.store, remove(here.settings.layout, name))


@backup.command()
def ls(ctx: typer.Context, name: OptionalName = None, json: JsonOption = False) -> None:
    """List what destinations hold."""
    from zagent.cli import backup_report

    here = state(ctx, json=json)
    backup_report.ls(here.output, here.settings.layout, name)


@backup.command()
def show(ctx: typer.Context, name: OptionalName = None, json: JsonOption = False) -> None:
    """Show how the last runs ended.

    From what is noted on the data root; no destination is asked.
    """
    from zagent.cli import backup_report

    here = state(ctx, json=json)
    backup_report.show(here.output, here.settings.layout, name)


@backup.command()
def check(
    ctx: typer.Context,
    name: OptionalName = None,
    full: Annotated[bool, typer.Option("--full", help="Read all of it, not the next seventh.")] = False,
    json: JsonOption = False,
) -> None:
    """Read copies back and prove them.

    A seventh each time, so that a daily check has read everything in a week.
    """
    from zagent.cli import backup_report

    here = state(ctx, json=json)
    backup_report.check(here.output, here.store, name, full=full)


@backup.command()
def forget(
    ctx: typer.Context,
    name: NameArgument,
    entry: Annotated[str, typer.Argument(metavar="ID", help="As `zagent backup ls` shows it.", show_default=False)],
    json: JsonOption = False,
) -> None:
    """Give up one state that a destination holds.

    The newest proved one of this data root stays.
    """
    from zagent.cli import backup_report

    here = state(ctx, json=json)
    backup_report.forget(here.output, here.settings.layout, name, entry)


@app.command()
def restore(
    ctx: typer.Context,
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="NAME|PATH|URL", help="Which copy; else the best.", show_default=False),
    ] = None,
    model: Annotated[str | None, typer.Option(help="One model's id; else all.", show_default=False)] = None,
    revision: Annotated[
        str | None,
        typer.Option(help=f"A branch, tag or commit of the model; else {DEFAULT_REVISION}.", show_default=False),
    ] = None,
    snapshot: Annotated[
        str | None, typer.Option(metavar="ID", help="Which state of a restic repository.", show_default=False)
    ] = None,
    users: Annotated[
        str | None, typer.Option(metavar="USER", help="A user's folder instead of weights.", show_default=False)
    ] = None,
    password_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The password of a restic repository.", show_default=False)
    ] = None,
    to: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Another folder; else the data root.", show_default=False)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what is missing or wrong; change nothing.")] = False,
    json: JsonOption = False,
) -> None:
    """Bring weights, or a user's files, back from a copy.

    What is right already is not touched; every byte of weights is proved before it gets its name; no hub is asked.
    """
    from zagent.cli import people_report, restore_report

    here = state(ctx, json=json)
    restore_report.require_no_file(to)
    copy = restore_report.Copy(source, snapshot or "", password_file)
    if users is not None:
        people_report.only(model, revision)
        people_report.people(here.output, here.store, copy, users, to and to.absolute(), dry_run=dry_run)
    else:
        wanted = restore_report.meant(model, revision)
        restore_report.weights(here.output, here.store, copy, wanted, to and to.absolute(), dry_run=dry_run)
