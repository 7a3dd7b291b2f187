"""A whole process, measured from outside."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

ZAGENT = (sys.executable, "-m", "zagent")


@dataclass(frozen=True)
class Run:
    """One run: seconds on the clock, and the most bytes of memory the process held."""

    seconds: float
    memory: int


def measure(command: Sequence[str], environ: Mapping[str, str] | None = None) -> Run:
    """Run ``command`` silently.

    Raises:
        RuntimeError: it failed.
    """
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    if status:
        told = process.stderr.read().decode() if process.stderr else ""
        raise RuntimeError(f"{' '.join(command)} failed: {told}")
    return Run(seconds, usage.ru_maxrss * 1024)


def paired(first: Callable[[], float], second: Callable[[], float], pairs: int) -> tuple[list[float], list[float]]:
    """Both figures, measured in turn so that a machine whose speed drifts treats both alike."""
    found = [(first(), second()) for _ in range(pairs)]
    return [one for one, _ in found], [two for _, two in found]


def ratio(first: list[float], second: list[float]) -> float:
    """The median of the quotients, pair by pair."""
    return median(one / two for one, two in zip(first, second, strict=True))
