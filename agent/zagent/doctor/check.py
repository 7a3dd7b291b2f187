"""What a check is, and how all of them are run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from zagent.errors import ZagentError
from zagent.settings import Settings

Severity = Literal["ok", "warning", "error"]

LIMIT = 5.0
"""Seconds for one check: a disk or a driver that hangs must not hang the doctor."""


@dataclass(frozen=True)
class Finding:
    """What one check found; ``exit_code`` is 0 but for errors."""

    severity: Severity
    message: str
    remedy: str = ""
    exit_code: int = 0


@dataclass(frozen=True)
class Check:
    """A name and a question that is answered by a finding or by the error that the commands would raise."""

    name: str
    run: Callable[[Settings], Finding]


@dataclass(frozen=True)
class Result:
    """A check's name beside what it found."""

    name: str
    finding: Finding


def ok(message: str) -> Finding:
    """Nothing to mend."""
    return Finding("ok", message)


def warning(message: str, remedy: str = "") -> Finding:
    """Works, but a person should know."""
    return Finding("warning", message, remedy)


def broken(error: ZagentError) -> Finding:
    """The finding for an error that the commands would raise."""
    return Finding("error", error.message, error.advice, error.exit_code)


def run_all(checks: Iterable[Check], settings: Settings, limit: float = LIMIT) -> Iterator[Result]:
    """Run the checks in order, each for at most ``limit`` seconds; one that fails itself counts as an error."""
    for check in checks:
        yield Result(check.name, _limited(check, settings, limit))


def _limited(check: Check, settings: Settings, limit: float) -> Finding:
    found: list[Finding] = []
    worker = threading.Thread(target=lambda: found.append(_guarded(check, settings)), daemon=True)
    worker.start()
    worker.join(limit)
    if found:
        return found[0]
    return Finding("error", f"no answer within {limit:.0f} s", "dmesg   tells whether a disk or the GPU hangs", 1)


def _guarded(check: Check, settings: Settings) -> Finding:
    try:
        return check.run(settings)
    except ZagentError as error:
        return broken(error)
    except Exception as error:  # a check that breaks is a finding, too
        return Finding("error", f"the check itself failed: {type(error).__name__}: {error}", exit_code=1)


def exit_code(results: Iterable[Result]) -> int:
    """0 when nothing is an error (warnings are not), else the first error's own code."""
    return next((one.finding.exit_code for one in results if one.finding.severity == "error"), 0)
