"""The pictures of a road, with what was found out about them."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.demo.road import Row


@dataclass(frozen=True)
class Picture:
    """``uri`` holds the whole file; ``equal_to`` names the picture that it was compared with, empty if it was not."""

    name: str
    step: str
    uri: str
    equal_to: str


def pictures(rows: Sequence[Row]) -> list[Picture]:
    """Those that are still there, in the order in which they were last made."""
    made = {path: row.step for row in rows for path in row.pictures}
    return [
        Picture(path.name, step, _embedded(path), _equal_to(path, rows))
        for path, step in made.items()
        if path.is_file()
    ]


def _embedded(path: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"


def _equal_to(path: Path, rows: Sequence[Row]) -> str:
    """What it was found equal to; if either was made again since then, nobody knows."""
    other: Path | None = None
    for row in rows:
        if {path, other} & {*row.pictures}:
            other = None
        other = next((first for first, second in row.equal if second == path), other)
    return other.name if other else ""
