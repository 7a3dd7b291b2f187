"""`zagent schedule` as a person types it, with a program in the place of systemctl."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result
from zagent import settings
from zagent.cli.commands import app
from zagent.errors import ScheduleRefused, SystemdRefused, ToolMissing
from zagent.schedule import host
from zagent.schedule.systemctl import parse, systemctl
from zagent.schedule.units import wanted

MOUNTED = Path("/proc")
"""A mount point on every Linux."""

CRON = ("`0 2 * * * zagent backup`", "`0 4 * * 0 zagent verify`")
"""What people run where no timers can be."""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are looked for."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def program(folder: Path, script: str) -> Path:
    """A systemctl of these words."""
    path = folder / "systemctl"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


BOOTED = "zagent.schedule.systemctl.BOOTED"


@pytest.fixture(autouse=True)
def booted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that systemd started, whatever started this one."""
    monkeypatch.setattr(BOOTED, tmp_path)


@pytest.fixture
def ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine as the bootstrap leaves it, and its folder of units."""
    agent_env, folder = tmp_path / "agent.env", tmp_path / "system"
    agent_env.write_text(f"{settings.DATA_ROOT}={MOUNTED}\n")
    folder.mkdir()
    monkeypatch.setattr(settings, "SERVICE_USER", "root")
    monkeypatch.setattr(host.require, "__defaults__", (Path("/bin/sh"), agent_env))
    monkeypatch.setattr("zagent.cli.schedule_report.FOLDER", folder)
    return folder


def run(*words: str) -> Result:
    """`zagent schedule …` for the data root."""
    return CliRunner().invoke(app, ["--data-root", str(MOUNTED), "schedule", *words])


def as_user(monkeypatch: pytest.MonkeyPatch, uid: int) -> None:
    """Be that user for whoever asks."""
    monkeypatch.setattr(os, "geteuid", lambda: uid)


@pytest.mark.parametrize("verb", ["install", "remove"])
def test_only_root_changes_units(monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    """Said before anything is looked at, with the command that works."""
    as_user(monkeypatch, 1234)
    done = run(verb)
    assert done.exit_code == 6
    assert f"zagent schedule {verb}" in done.stderr


def test_a_machine_that_no_bootstrap_saw_is_told_all_that_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rather than timers that fail every night."""
    monkeypatch.setattr(settings, "SERVICE_USER", "no-such-user")
    with pytest.raises(ScheduleRefused) as raised:
        host.require(tmp_path, tmp_path / "zagent", tmp_path / "agent.env")
    reasons = ["no volume is mounted at", "there is no user no-such-user", "/zagent", "/agent.env"]
    assert all(one in raised.value.message for one in reasons)
    assert all(one in raised.value.advice for one in ("zagent cloud converge", *CRON))


@pytest.mark.parametrize("script", ["exit 1", ""])
@pytest.mark.parametrize("verb", ["install", "status"])
def test_a_machine_that_systemd_did_not_start_is_told_of_cron(
    tmp_path: Path, programs: Path, monkeypatch: pytest.MonkeyPatch, verb: str, script: str
) -> None:
    """In a few words, with systemctl or without; what else is missing no longer counts."""
    as_user(monkeypatch, 0)
    monkeypatch.setattr(BOOTED, tmp_path / "nowhere")
    if script:
        program(programs, script)
    done = run(verb)
    assert done.exit_code == ScheduleRefused.exit_code
    assert "no systemd runs here" in done.stderr
    assert "--property" not in done.stderr
    assert all(one in done.stderr for one in CRON)


def test_services_with_another_data_root_are_told(ready: Path) -> None:
    """They would verify one volume and be bound to another."""
    with pytest.raises(ScheduleRefused, match="the services' data root is /proc"):
        host.require(Path("/sys"))


def test_install_says_what_it_did_and_then_that_there_was_nothing(
    ready: Path, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines for people, one event for programs."""
    as_user(monkeypatch, 0)
    program(programs, f'echo "$@" >> {programs}/told')
    done = run("install")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1] == "the timers are installed"
    assert f"write {ready / 'zagent-verify.timer'}" in done.stdout
    assert {one.name: one.read_text() for one in ready.iterdir()} == wanted(MOUNTED)
    assert "daemon-reload" in (programs / "told").read_text()
    program(programs, f"printf 'Id=%s\\nActiveState=active\\n\\n' {' '.join(wanted(MOUNTED))}")
    (ready / "timers.target.wants").mkdir()
    for name in wanted(MOUNTED):
        (ready / "timers.target.wants" / name).symlink_to(ready / name)
    assert run("install").stdout == "the timers are installed already; nothing to do\n"
    event = json.loads(run("install", "--json").stdout)
    assert (event["event"], event["steps"]) == ("done", [])


def test_a_dry_run_needs_no_root(ready: Path, programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It changes nothing, and says so."""
    as_user(monkeypatch, 1234)
    program(programs, "")
    done = run("install", "--dry-run")
    assert done.stdout.splitlines()[-1] == "nothing was changed"
    assert list(ready.iterdir()) == []


def test_remove_deletes_what_install_wrote(ready: Path, programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says the second time that there is nothing."""
    as_user(monkeypatch, 0)
    program(programs, "")
    run("install")
    assert run("remove").stdout.splitlines()[-1] == "the timers are removed"
    assert list(ready.iterdir()) == []
    assert "nothing to do" in run("remove").stdout


def test_the_status_is_a_line_or_an_event_for_each_timer(ready: Path, programs: Path) -> None:
    """Anyone may ask."""
    shown = "Id=zagent-verify.timer\\nLoadState=loaded\\nActiveState=active\\n"
    shown += "NextElapseUSecRealtime=Sun 2026-01-11 04:51:12 UTC\\nLastTriggerUSec=\\n"
    program(programs, f"printf '{shown}'")
    quick, deep, *_ = run("status").stdout.splitlines()
    assert quick.split(maxsplit=1) == ["zagent-verify-quick.timer", "not installed"]
    assert deep.endswith("disabled; next 2026-01-11 04:51 UTC, last never: none since the boot")
    event = json.loads(run("status", "--json").stdout.splitlines()[1])
    assert (event["next"], event["last"]) == ("2026-01-11T04:51:12+00:00", None)


def test_what_systemctl_says_is_the_errors_text(programs: Path) -> None:
    """With no more of the question than a person reads."""
    program(programs, "echo 'Failed to connect to bus' >&2; exit 1")
    with pytest.raises(SystemdRefused, match="`systemctl daemon-reload` failed: Failed to connect to bus"):
        systemctl(["daemon-reload"])
    with pytest.raises(SystemdRefused, match="`systemctl show …` failed: Failed"):
        systemctl(["show", f"--property={'Id,' * 100}"])


def test_a_machine_without_systemctl_is_told_so(programs: Path) -> None:
    """As a tool that is missing."""
    with pytest.raises(ToolMissing, match="systemctl"):
        systemctl(["daemon-reload"])


def test_systemctl_speaks_english_and_utc(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the person's own language and place."""
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    program(programs, 'echo "Language=$LC_ALL"; echo "Zone=$TZ"; echo Id=x')
    assert parse(systemctl(["show"])) == {"x": {"Language": "C", "Zone": "UTC", "Id": "x"}}
