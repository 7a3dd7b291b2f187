"""Commands of other distributions: entry points of the group ``zagent.commands``, each a typer application.

They are looked for only when a name is not the agent's own, or when the help lists all; so that they cost no start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

GROUP = "zagent.commands"


def names() -> list[str]:
    """The commands that are installed beside the agent's own."""
    return sorted(_installed().names)


def command(name: str) -> Any:
    """The command of that name, or None where nothing that is installed has it."""
    from typer.main import get_command

    found = [one for one in _installed() if one.name == name]
    if not found:
        return None
    try:
        made = get_command(found[0].load())
    except Exception as error:  # it is foreign code: the help of all others must not end with it
        made = _broken(error)
    made.name = name
    return made


def _broken(error: Exception) -> Any:
    """A command in the place of one that can't be loaded; whoever runs it is told why."""
    from typer import Typer
    from typer.main import get_command

    any_words = {"ignore_unknown_options": True, "allow_extra_args": True}
    app = Typer(context_settings=any_words, add_completion=False)

    @app.command(help=f"It can't be loaded: {error}")
    def tell() -> None:
        raise error

    return get_command(app)


def _installed() -> EntryPoints:
    from importlib.metadata import entry_points

    return entry_points(group=GROUP)
