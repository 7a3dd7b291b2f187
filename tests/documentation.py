"""The pages of docs/ that are made from the code: errors, commands, and the table of the configuration.

``python -m tests.documentation`` writes them; a test fails while they are stale.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from typer import Context
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner
from zagent.cli.commands import app
from zagent.errors import ZagentError, tree

import infra.errors as _infra_errors  # noqa: F401  -- its classes join the tree when it is imported

DOCS = Path(__file__).parent.parent / "docs"
WIDTH = "100"

CLOUD = DOCS / "06-cloud.md"
BEGIN, END = "<!-- made from Pulumi.yaml -->\n", "<!-- end -->\n"
"""The lines between which a page that is written by hand has a part that is made."""


def pages() -> dict[Path, str]:
    """Each generated page and what it must say."""
    return {DOCS / "02-errors.md": errors(), DOCS / "03-commands.md": commands(), CLOUD: configuration()}


def errors() -> str:
    """The table of all errors, by exit code."""
    head = [
        "# Errors",
        "",
        "Every failure is one message (what happened, why), one remedy (the command that mends it) and one exit code",
        "of its own. `zagent --debug …` adds the traceback. Only a wrong option or a missing argument is told by the",
        "command line itself, exit code 2, in words on standard error also with `--json`. This page is made from",
        "`agent/zagent/errors/` and `infra/errors/`.",
        "",
        "| exit | error | message | remedy |",
        "|---:|---|---|---|",
    ]
    concrete = [cls for cls in tree() if not cls.__subclasses__()]
    return "\n".join([*head, *(_row(cls) for cls in sorted(concrete, key=lambda cls: cls.exit_code))]) + "\n"


def _row(cls: type[ZagentError]) -> str:
    cells = [str(cls.exit_code), cls.__name__, " ".join((cls.__doc__ or "").split()), cls.remedy or "-"]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def configuration() -> str:
    """The page on the cloud with the table of every key, its default and what it means."""
    head, _, rest = CLOUD.read_text().partition(BEGIN)
    declared: dict[str, dict[str, Any]] = yaml.safe_load((DOCS.parent / "Pulumi.yaml").read_text())["config"]
    rows = [_key(name, one) for name, one in declared.items() if ":" not in name]
    table = ["| key | default | meaning |", "|---|---|---|", *rows, ""]
    return head + BEGIN + "\n" + "\n".join(table) + "\n" + END + rest.partition(END)[2]


def _key(name: str, declared: dict[str, Any]) -> str:
    default = declared["default"]
    unset = default in ("", 0, [], {}) and not isinstance(default, bool)
    shown = "-" if unset else str(default).lower() if isinstance(default, bool) else default
    return f"| `{name}` | {shown} | {declared['description']} |"


def commands() -> str:
    """The help of every command."""
    head = ["# Commands", "", "What each command's `--help` says. This page is made from the code.", "", ""]
    sections = [
        f"## {' '.join(words)}\n\n```\n{_help(words[1:])}```\n" for words in _walk(get_command(app), ["zagent"])
    ]
    return "\n".join(head) + "\n".join(sections)


def _walk(command: Any, words: list[str]) -> Iterator[list[str]]:
    yield words
    if isinstance(command, TyperGroup):
        context = Context(command, info_name=words[-1])
        for name in command.list_commands(context):
            yield from _walk(command.get_command(context, name), [*words, name])


def _help(words: list[str]) -> str:
    done = CliRunner().invoke(app, [*words, "--help"], prog_name="zagent", env={"COLUMNS": WIDTH})
    if done.exit_code:
        raise RuntimeError(f"zagent {' '.join(words)} --help failed: {done.output}")
    return done.stdout


if __name__ == "__main__":
    for page, content in pages().items():
        page.write_text(content)
