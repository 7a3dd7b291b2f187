"""Processes by number and start time, so that a number used again by another program is never taken for ours."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Process:
    """A process by its number and when it ``started``, in clock ticks since boot (field 22 of /proc/PID/stat)."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> Process:
        """The process that has this number now.

        Raises:
            ProcessLookupError: there is none.
        """
        started = _started(pid)
        if started is None:
            raise ProcessLookupError(pid)
        return cls(pid, started)

    def alive(self) -> bool:
        """Whether it still runs: its number is in use, since the same moment, and not by a mere zombie."""
        return _started(self.pid) == self.started

    # Safety contract: a signal is sent ONLY to a process that
    #   1. has the recorded number, and
    #   2. has had it since the recorded moment.
    # What ended before, or was never ours, is left alone and no error.
    def end(self, patience_seconds: float = 10) -> None:
        """Ask it to end, and end it by force when it has not after ``patience_seconds``; returns when it is gone."""
        self._signal(signal.SIGTERM)
        self._wait(patience_seconds)
        self.kill()

    def kill(self) -> None:
        """End it at once, by force, under the same contract; returns when it is gone."""
        self._signal(signal.SIGKILL)
        self._wait(60)

    def _signal(self, number: int) -> None:
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _wait(self, patience_seconds: float) -> None:
        deadline = time.monotonic() + patience_seconds
        while self.alive() and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)


def descendants(pid: int | None = None) -> list[Process]:
    """Every process that the one of this number started (None: this one), and that those started, and so on."""
    found, waiting = [], [os.getpid() if pid is None else pid]
    while waiting:
        for child in _children(waiting.pop()):
            with contextlib.suppress(ProcessLookupError):
                found.append(Process.of(child))
                waiting.append(child)
    return found


def _children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        lists = Path(f"/proc/{pid}/task").glob("*/children")
        return [int(child) for one in lists for child in one.read_text().split()]
    return []


def _started(pid: int) -> int | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The name of the program stands in brackets and may itself hold brackets and spaces.
    fields = stat.rpartition(")")[2].split()
    state, threads, started = fields[0], int(fields[17]), int(fields[19])
    # The first thread may end before others, which still hold the process's files, locks and ports.
    return None if state in "ZX" and threads < 2 else started
