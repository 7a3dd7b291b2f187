"""What was measured, as JSON and as a page in docs/benchmarks."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

from zagent import __version__
from zagent.weights.digest import cores

import tests
from tests.bench.figures import TOLD, Figure

RESULTS = Path(tests.__file__).parent.parent / "docs" / "benchmarks"


def write(name: str, title: str, found: Sequence[Figure]) -> None:
    """Write ``name``.json and ``name``.md, and print a line for each figure."""
    machine = {
        "date": datetime.now(timezone.utc).date().isoformat(),
        "zagent": __version__,
        "python": platform.python_version(),
        "kernel": ".".join(platform.release().split(".")[:2]),
        "cores": cores(),
    }
    content = {"machine": machine, "figures": [asdict(one) for one in found]}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n")
    (RESULTS / f"{name}.md").write_text(_page(name, title, machine, found))
    print("\n".join(map(_line, found)))


def _line(one: Figure) -> str:
    return f"{one.name}: {one.value:.2f} {one.unit} (wanted {one.wanted}) {one.detail}".rstrip()


def _page(name: str, title: str, machine: dict[str, object], found: Sequence[Figure]) -> str:
    told = ", ".join(f"{key} {value}" for key, value in machine.items())
    head = [f"# {title}", "", f"Made by `scripts/bench {name}` ({told}).", "Medians of pairs measured in turn.", ""]
    table = ["| figure | measured | wanted | holds | detail |", "|---|---:|---|---|---|"]
    return "\n".join([*head, *table, *map(_row, found)]) + "\n"


def _row(one: Figure) -> str:
    holds = "-" if one.wanted == TOLD else "yes" if one.holds else "**no**"
    return f"| {one.name} | {one.value:.2f} {one.unit} | {one.wanted} | {holds} | {one.detail} |"
