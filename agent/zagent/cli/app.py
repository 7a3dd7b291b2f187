"""The command ``zagent``: its global options, and the one place where an error becomes words and an exit code."""

from __future__ import annotations

import errno
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from typer.core import TyperGroup

from zagent import __version__, rescue
from zagent.cli import interrupt, plugins
from zagent.cli.output import Output
from zagent.errors import Interrupted, Unexpected, ZagentError, from_os_error
from zagent.settings import Settings, load

if TYPE_CHECKING:
    from zagent.weights.store import Store


@dataclass
class State:
    """What the global options said."""

    data_root: Path | None = None
    output: Output = field(default_factory=Output)

    @property
    def settings(self) -> Settings:
        """Every path and variable, resolved now."""
        return load(self.data_root)

    @property
    def store(self) -> Store:
        """The weights below the data root."""
        from zagent.weights.store import Store

        return Store(self.settings)


class Context(typer.Context):
    """A context whose ``obj`` is the State; only ever used as a type."""

    obj: State


ORDER = [
    "generate",
    "pull",
    "verify",
    "backup",
    "restore",
    "status",
    "doctor",
    "gc",
    "volume",
    "weights",
    "schedule",
    "fingerprint",
    "env",
    "replay",
    "show",
]
"""Of the commands in the help: what is used daily first."""


class Root(TyperGroup):
    """The group of all commands; what they raise ends here."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names in ORDER, then those of plug-ins."""
        return [*sorted(super().list_commands(ctx), key=ORDER.index), *plugins.names()]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Our own command of that name, else a plug-in's."""
        return super().get_command(ctx, cmd_name) or plugins.command(cmd_name)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; an error is told once and becomes its exit code."""
        try:
            return super().invoke(ctx)
        except (Exception, KeyboardInterrupt) as raised:
            found = as_zagent_error(KeyboardInterrupt() if interrupt.heard() else raised)
            if found is None:
                raise
            output = ctx.obj.output if isinstance(ctx.obj, State) else Output()
            output.error(found)
            raise typer.Exit(found.exit_code) from raised


def as_zagent_error(error: BaseException) -> ZagentError | None:
    """The error to tell, or None for what typer tells itself (a wrong option, an exit, a closed pipe)."""
    if isinstance(error, ZagentError):
        return error
    if isinstance(error, KeyboardInterrupt):
        return _with_cause(Interrupted(), error)
    if isinstance(error, ModuleNotFoundError) and (needed := rescue.needs(str(error.name))):
        return _with_cause(needed, error)
    if isinstance(error, OSError):
        return None if error.errno == errno.EPIPE else _with_cause(from_os_error(error), error)
    if isinstance(error, (typer.Exit, typer.Abort)) or hasattr(error, "format_message"):
        return None
    return _with_cause(Unexpected(kind=type(error).__name__, detail=error), error)


def _with_cause(found: ZagentError, cause: BaseException) -> ZagentError:
    found.__cause__ = cause  # so that --debug shows where it began
    return found


app = typer.Typer(
    cls=Root,
    help="Keeps Z-Image-Turbo's weights on a volume that outlives every machine, and makes images from them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"zagent {__version__}")
        raise typer.Exit


@app.callback()
def _globals(
    ctx: typer.Context,
    data_root: Annotated[
        Path | None,
        typer.Option(help="The data root; else ZAGENT_DATA_ROOT, else /data.", show_default=False),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error came from.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    ctx.obj = State(data_root, Output(debug=debug, root=data_root, command=ctx.invoked_subcommand or ""))


def state(ctx: typer.Context, *, json: bool = False) -> State:
    """The State of a command's context; ``json`` is the command's own flag, which its group may have had already."""
    found = cast(State, ctx.obj)
    found.output.json = found.output.json or json
    return found
