"""Where each step's bar lies, to scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.demo.road import Row

STEPS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600)
"""Seconds that may lie between two lines of the scale."""

MOST_SPACES = 8
"""Spaces between them, at most."""


@dataclass(frozen=True)
class Timeline:
    """A scale that begins with the first step and ends with the last; all places are in percent of it."""

    began: float
    seconds: float

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Timeline:
        """The scale on which all of these fit."""
        began = min((row.began for row in rows), default=0.0)
        return cls(began, max((row.began + row.seconds for row in rows), default=0.0) - began)

    def left(self, row: Row) -> float:
        """Where its bar begins."""
        return self._percent(row.began - self.began)

    def width(self, row: Row) -> float:
        """How long its bar is."""
        return self._percent(row.seconds)

    def lines(self) -> list[tuple[float, str]]:
        """The scale's lines: where, and what is written there."""
        apart = next((one for one in STEPS if self.seconds / one <= MOST_SPACES), STEPS[-1])
        return [(self._percent(at), _clock(at)) for at in range(0, int(self.seconds) + 1, apart)]

    def _percent(self, seconds: float) -> float:
        return round(100 * seconds / self.seconds, 3) if self.seconds else 0.0


def _clock(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02}"
