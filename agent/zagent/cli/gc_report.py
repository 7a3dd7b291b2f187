"""The words of ``zagent gc``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from zagent import text
from zagent.cli import first_backup
from zagent.cli.output import Output
from zagent.errors import UsageError
from zagent.gc import collect, models, superseded
from zagent.gc.items import Item
from zagent.settings import Settings
from zagent.weights.store import Store


def gc(output: Output, settings: Settings, *, dry_run: bool, yes: bool) -> None:
    """Show what can go, ask, delete it.

    Raises:
        UsageError: nobody can be asked.
        ZagentError: see ``collect``; or that of the backup, once all is deleted.
    """
    found, stays = collect.look(settings), list(models.unclaimed(settings))
    _show(output, found, stays)
    gone: list[Item] = []
    if found and not dry_run and _agreed(output, found, yes=yes):
        gone = collect.collect(settings, found)
    line = f"{text.plural(len(gone), 'item')} deleted, {_size(gone)}" if gone else _nothing(found)
    facts = {"found": _facts(found), "stays": _facts(stays), "deleted": _facts(gone)}
    output.result(line, event="collected", dry_run=dry_run, **facts)
    for one in superseded.smaller(settings, gone):
        output.say(f"{one.model} is a smaller set now, {one.set_digest[:19]}…: it is backed up as such")
        first_backup.begin(output, Store(settings), one)


def _show(output: Output, found: Sequence[Item], stays: Sequence[Item]) -> None:
    for one in [*found, *stays] if not output.json else ():
        line = f"{text.size(one.size):>10}  {one.kind:<13}  {text.printable(str(one.path))}"
        output.result(f"{line}   stays" if one.kind == "no manifest" else line)
    if stays:
        output.say("what has no manifest is another program's, or of a pull that can go on: it is never deleted")


def _agreed(output: Output, found: Sequence[Item], *, yes: bool) -> bool:
    if yes:
        return True
    if output.json or not (sys.stdin and sys.stdin.isatty()):
        raise UsageError(detail="Where nobody can be asked only --yes deletes; --dry-run shows what")
    return typer.confirm(f"delete {text.plural(len(found), 'item')}, {_size(found)}?", err=True)


def _size(items: Sequence[Item]) -> str:
    return text.size(sum(one.size for one in items))


def _nothing(found: Sequence[Item]) -> str:
    return f"nothing was deleted; {_size(found)} can go" if found else "there is nothing to delete"


def _facts(items: Sequence[Item]) -> list[dict[str, object]]:
    return [{"kind": one.kind, "path": one.path, "size": one.size} for one in items]
