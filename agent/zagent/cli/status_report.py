"""The words of ``zagent status``."""

from __future__ import annotations

from collections.abc import Sequence

from zagent import text
from zagent.cli.output import Output
from zagent.settings import Settings
from zagent.status import look
from zagent.status.row import Row

_SIGNS = {"ok": "ok     ", "warning": "warning", "error": "ERROR  "}


def status(output: Output, settings: Settings) -> int:
    """Show every row and what to do next; the exit code."""
    rows = look.look(settings)
    worst = look.worst(rows)
    following, code = (output.remedy(worst.remedy), worst.exit_code) if worst else ("", 0)
    lines = [*map(_line, rows), f"next     {following or 'nothing: all is well'}"]
    output.result("\n".join(lines), event="status", **_facts(rows), next=following, exit_code=code)
    return code


def _line(row: Row) -> str:
    return f"{_SIGNS[row.finding.severity]}  {row.section:<9}  {text.printable(row.finding.message)}"


def _facts(rows: Sequence[Row]) -> dict[str, list[dict[str, object]]]:
    """The rows of each section, under names that programs can use."""
    found: dict[str, list[dict[str, object]]] = {}
    for one in rows:
        found.setdefault(one.section.replace(" ", "_"), []).append({**one.facts, **vars(one.finding)})
    return found
