"""The group ``zagent cloud`` and those below it, and the options that its commands share."""

from __future__ import annotations

from typing import Annotated

import typer

cloud = typer.Typer(
    help="Look after a stack's host, volume and snapshots in the cloud, or any machine.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

snapshot = typer.Typer(help="Take, list, prune or restore the stack's snapshots.", no_args_is_help=True)
cloud.add_typer(snapshot, name="snapshot")

volume = typer.Typer(help="List the stack's volumes, or delete one for good.", no_args_is_help=True)
cloud.add_typer(volume, name="volume")

StackOption = Annotated[
    str, typer.Option("--stack", "-s", help="The stack; else this folder's only one.", show_default=False)
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
