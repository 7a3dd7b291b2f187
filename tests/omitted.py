"""Which tests a run may leave out; a pytest plugin.

With ``--require-all`` none that this machine can't run: each is a failure. With ``--machines-within MINUTES`` those
that boot a virtual machine and could begin only after so many minutes: emulated on a slow computer they take longer
than all others together, and a run that is cut off tells nothing. They are named at the end, with a command for them.
"""

from __future__ import annotations

import time
from collections.abc import Generator

import pytest

LATE = "too late for a virtual machine"
_BEGUN = pytest.StashKey[float]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options."""
    parser.addoption("--require-all", action="store_true", help="a test that this machine can't run has failed")
    late = "leave out tests with a virtual machine that could begin only later"
    parser.addoption("--machines-within", type=float, metavar="MINUTES", help=late)


def pytest_configure(config: pytest.Config) -> None:
    """Begin to count; each worker does."""
    config.stash[_BEGUN] = time.monotonic()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out what is late before its fixtures boot anything."""
    minutes: float | None = item.config.option.machines_within
    if minutes is None or not item.get_closest_marker("vm"):
        return
    if time.monotonic() - item.config.stash[_BEGUN] > 60 * minutes:
        pytest.skip(LATE)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where all tests are required, what can't run has failed."""
    report = yield
    if report.skipped and item.config.option.require_all and not _is_late(report):
        report.outcome = "failed"
    return report


def _is_late(report: pytest.TestReport) -> bool:
    return isinstance(report.longrepr, tuple) and report.longrepr[2] == f"Skipped: {LATE}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was late."""
    left = [one.nodeid for one in terminalreporter.stats.get("skipped", []) if _is_late(one)]
    if left:
        files = sorted({one.partition("::")[0] for one in left})
        terminalreporter.section(f"left out: {LATE}")
        terminalreporter.line("\n".join([*left, f"to run them: scripts/test {' '.join(files)}"]))
