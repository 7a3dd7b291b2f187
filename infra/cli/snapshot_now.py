"""``zagent cloud snapshot now``."""

from __future__ import annotations

from pathlib import Path

import typer
from zagent.cli.app import state
from zagent.cli.options import JsonOption

from infra.cli.app import StackOption, snapshot


@snapshot.command()
def now(ctx: typer.Context, stack: StackOption = "", json: JsonOption = False) -> None:
    """Snapshot the volume, its weights proved and its filesystem at rest.

    Where the last deep verify is older than a day, every byte is verified first. Writes wait for a moment.
    """
    from infra import tags
    from infra.operations import snapshot_now
    from infra.stack_files import from_files

    output = state(ctx, json=json).output
    made = snapshot_now.take(from_files(Path(), stack), output.say)
    digest = made.tags[tags.SET_DIGEST]
    output.result(f"{made.id} is completed, and verified: set digest {digest}", snapshot=made.id, set_digest=digest)
