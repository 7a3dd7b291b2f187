"""Every test begins with a clean environment, and says why it is skipped."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import groups
from tests.localcloud import parts
from tests.localcloud.errors import LocalCloudError
from tests.protect.restic import versions

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

pytest_plugins = ["tests.omitted"]

OURS = ("ZAGENT_", "MODELSCOPE_", "HF_", "HUGGINGFACE_", "TRANSFORMERS_", "XDG_")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable of ours, a home and a working folder of the test's own."""
    for name in list(os.environ):
        if name.startswith(OURS):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("MODELSCOPE_HOME", str(home / "modelscope"))
    monkeypatch.chdir(home)


class AtOnce:
    """Tells what fails when it fails: all tests take longer than anybody waits, and may be cut off."""

    def __init__(self, config: pytest.Config) -> None:
        """With what knows the terminal."""
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """The test, and the end of its story."""
        if report.failed:
            said = f"\n{report.nodeid}, {report.when}, {report.duration:.0f} s:\n{report.longreprtext[-1500:]}"
            self.config.get_terminal_writer().line(said)


def pytest_configure(config: pytest.Config) -> None:
    """In the process that people see."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(AtOnce(config))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what this machine can't run, with the reason; put the groups in the order in which workers take them."""
    for item in items:
        if item.get_closest_marker("root") and os.geteuid() != 0:
            item.add_marker(pytest.mark.skip(reason="needs root for loop devices, mounts and other users"))
        if item.get_closest_marker("vm") and groups.of(item.nodeid) not in groups.WITH_MACHINES:
            raise pytest.UsageError(f"{item.nodeid} boots a machine: name its file in PLACES of tests/groups.py")
    items.sort(key=lambda item: groups.place(item.nodeid))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Make what the local cloud needs and is slow to make: minutes, once, that no test's time limit allows for."""
    machines = any(one.get_closest_marker("vm") for one in session.items)
    wanted = machines or any("obtainable" in getattr(one, "fixturenames", ()) for one in session.items)
    if session.config.option.collectonly or hasattr(session.config, "workerinput"):
        return
    if wanted:
        _prepare(machines, session.config)
    if any(groups.of(one.nodeid) == groups.REPOSITORIES for one in session.items):
        versions.prepare(session.config.get_terminal_writer().line)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: WorkerController, ids: list[str]) -> None:
    """The same where workers run the tests: none of them begins before the last has passed here."""
    found = {groups.of(one) for one in ids}
    if node.gateway.id != "gw0":
        return
    if found - {groups.PLAIN, groups.REPOSITORIES}:
        _prepare(bool(found & {*groups.WITH_MACHINES}), node.config)
    if groups.REPOSITORIES in found:
        versions.prepare(node.config.get_terminal_writer().line)


def _prepare(machines: bool, config: pytest.Config) -> None:
    if not parts.missing(machines):
        try:
            parts.prepare(machines, config.get_terminal_writer().line)
        except LocalCloudError as error:
            raise pytest.UsageError(str(error)) from error


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> groups.Grouped:
    """Whole groups go to workers."""
    return groups.Grouped(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how long each part took: a folder below tests/, with the fixtures that its tests were the first to need."""
    seconds: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for one in reports:
            if isinstance(one, pytest.TestReport):
                seconds[str(Path(one.nodeid.split("::")[0]).parent)] += one.duration  # type: ignore[assignment]
    terminalreporter.section("how long each part took")
    for part, took in seconds.most_common():
        terminalreporter.line(f"{took:7.1f} s  {part}")
