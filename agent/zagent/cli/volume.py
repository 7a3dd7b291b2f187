"""``zagent volume``: adopt, show, mount."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zagent.cli.app import app, state
from zagent.cli.options import JsonOption

volume = typer.Typer(help="Adopt, show or mount the data root.", no_args_is_help=True)
app.add_typer(volume, name="volume")


@volume.command()
def adopt(
    ctx: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Where the data disk is mounted.", show_default=False)],
    system_disk: Annotated[
        bool, typer.Option("--system-disk", help="Accept a folder that a system-disk reset would take away.")
    ] = False,
    any_filesystem: Annotated[
        bool, typer.Option("--any-filesystem", help="Accept tmpfs, overlay or a network filesystem.")
    ] = False,
    project: Annotated[str | None, typer.Option(help="The project it belongs to.", show_default=False)] = None,
    stack: Annotated[str | None, typer.Option(help="The project's stack.", show_default=False)] = None,
) -> None:
    """Make PATH a data root, once in a disk's life.

    Looks at the disk below, says what it found, and writes the marker that proves it from then on.
    """
    from zagent.cli import volume_report
    from zagent.volume.adopt import adopt
    from zagent.volume.suitable import Ask

    ask = Ask(system_disk, any_filesystem, project, stack)
    volume_report.adopted(state(ctx).output, adopt(path, ask))


@volume.command()
def show(ctx: typer.Context, json: JsonOption = False) -> None:
    """Show disk, marker, and who uses what."""
    from zagent.cli import volume_report

    here = state(ctx, json=json)
    volume_report.show(here.output, here.settings)


@volume.command()
def mount(
    ctx: typer.Context,
    uuid: Annotated[str | None, typer.Option(help="Which one, when several are attached.", show_default=False)] = None,
) -> None:
    """Find the data volume by its marker; mount it.

    The rescue after a boot without it, and after a system-disk reset.
    """
    from zagent.volume.remount import mount

    here = state(ctx)
    root = here.settings.data_root
    found = mount(root, uuid)
    here.output.result(f"{found.device} mounted at {root}" if found else f"{root} is mounted already")
