"""The question before a change."""

from __future__ import annotations

import sys

import typer

from infra.errors import NotConfirmed


def confirm(question: str, yes: bool) -> None:
    """Return if the person wants it; ``yes`` answers for them.

    Raises:
        NotConfirmed: they do not, or nobody is there to ask.
    """
    if yes:
        return
    _require_terminal()
    if not typer.confirm(question, err=True):
        raise NotConfirmed(why="you said no")


def typed(what: str, yes: bool) -> None:
    """Return if the person types ``what`` again, which no slip of the fingers does.

    Raises:
        NotConfirmed: they type something else, or nobody is there to ask.
    """
    if yes:
        return
    _require_terminal()
    if typer.prompt(f"Type {what} to go on", err=True).strip() != what:
        raise NotConfirmed(why=f"that is not {what}")


def _require_terminal() -> None:
    if not sys.stdin.isatty():
        raise NotConfirmed(why="nobody is there to ask")
