"""A whole process, measured from outside."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
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
    watched = _Peak(process.pid)
    process.wait()
    seconds = time.perf_counter() - began
    if process.returncode:
        told = process.stderr.read().decode() if process.stderr else ""
        raise RuntimeError(f"{' '.join(command)} failed: {told}")
    return Run(seconds, watched.end())


class _Peak:
    """The most memory of a process, looked at while it runs: what wait4 tells counts that of who started it, too."""

    def __init__(self, pid: int) -> None:
        self._pid, self._most, self._over = pid, 0, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._over.wait(0.05):
            try:
                told = Path(f"/proc/{self._pid}/status").read_text()
            except OSError:
                return
            if found := re.search(r"VmHWM:\s+(\d+) kB", told):
                self._most = max(self._most, int(found[1]) * 1024)

    def end(self) -> int:
        """Stop looking; bytes."""
        self._over.set()
        self._thread.join()
        return self._most


def paired(first: Callable[[], float], second: Callable[[], float], pairs: int) -> tuple[list[float], list[float]]:
    """Both figures, measured in turn so that a machine whose speed drifts treats both alike."""
    found = [(first(), second()) for _ in range(pairs)]
    return [one for one, _ in found], [two for _, two in found]


def ratio(first: list[float], second: list[float]) -> float:
    """The median of the quotients, pair by pair."""
    return median(one / two for one, two in zip(first, second, strict=True))
