"""`zagent backup add` and `remove` on a host with timers: their services may write where backups go now."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result
from zagent import settings
from zagent.cli.commands import app
from zagent.schedule import host
from zagent.schedule.units import wanted

from tests.filesystems.disks import Bench, adopted, another_user

pytestmark = pytest.mark.root

BACKUP = "zagent-backup.service"


@pytest.fixture
def root(bench: Bench) -> Path:
    """A data root on a mount of its own."""
    return adopted(bench.disk("ext4").folder)


@pytest.fixture
def units(root: Path, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a host's units; its systemctl writes down what it is told."""
    agent_env, folder, programs = bench.base / "agent.env", bench.folder("system"), bench.folder("bin")
    agent_env.write_text(f"{settings.DATA_ROOT}={root}\n")
    (programs / "systemctl").write_text(f'#!/bin/sh\necho "$@" >> {bench.base}/told\n')
    (programs / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setattr(settings, "SERVICE_USER", "root")
    monkeypatch.setattr("zagent.schedule.systemctl.BOOTED", folder)
    monkeypatch.setattr(host.require, "__defaults__", (Path("/bin/sh"), agent_env))
    monkeypatch.setattr("zagent.cli.schedule_report.FOLDER", folder)
    return folder


def zagent(root: Path, *words: str) -> Result:
    """Run a command line on the data root; it must end well."""
    done = CliRunner().invoke(app, ["--data-root", str(root), *words])
    assert done.exit_code == 0, done.output
    return done


def test_services_follow_the_destinations(root: Path, units: Path, bench: Bench) -> None:
    """What was added can be written at the next run, what was removed no more; systemd reads its units again."""
    zagent(root, "schedule", "install")
    folder = bench.folder("copy of mine")
    done = zagent(root, "backup", "add", "disk2", str(folder), "--same-device")
    assert "the timers' services may write to the destinations that are set up now" in done.stderr
    assert {one.name: one.read_text() for one in units.glob("zagent-*")} == wanted(root, [folder])
    assert (units.parent / "told").read_text().count("daemon-reload") == 2
    zagent(root, "backup", "remove", "disk2")
    assert {one.name: one.read_text() for one in units.glob("zagent-*")} == wanted(root)


def test_without_timers_nothing_is_installed(root: Path, units: Path, bench: Bench) -> None:
    """Who wants none gets none, and systemd is not even asked."""
    zagent(root, "backup", "add", "disk2", str(bench.folder("copy")), "--same-device")
    assert list(units.iterdir()) == []
    assert not (units.parent / "told").exists()


def test_the_timers_of_another_data_root_are_left_alone(root: Path, units: Path, bench: Bench) -> None:
    """They would be bound to this one from then on."""
    zagent(root, "schedule", "install")
    other = adopted(bench.disk("ext4").folder)
    done = zagent(other, "backup", "add", "disk2", str(bench.folder("copy")), "--same-device")
    assert done.stderr == ""
    assert (units / BACKUP).read_text() == wanted(root)[BACKUP]


def test_who_is_not_root_is_told_what_to_run(root: Path, units: Path, bench: Bench) -> None:
    """A user whose the list of destinations is; the units are root's all the same."""
    zagent(root, "schedule", "install")
    copy = bench.folder("copy")
    for one in (root / ".zagent", copy, bench.base):
        one.chmod(0o777)
    with another_user():
        done = zagent(root, "backup", "add", "disk2", str(copy), "--same-device")
    assert "sudo zagent schedule install" in done.stderr
    assert (units / BACKUP).read_text() == wanted(root)[BACKUP]
