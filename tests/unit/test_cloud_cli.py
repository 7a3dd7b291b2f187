"""``zagent cloud``: what its words lead to."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result
from zagent.cli.commands import app

from infra.bootstrap import converge as bootstrap
from infra.bootstrap.permission import NoRecord, Vouched
from infra.bootstrap.ssh.login import Login
from infra.bootstrap.steps.base import Target
from infra.bootstrap.steps.files import Reload
from infra.bootstrap.steps.pull import Pull
from infra.bootstrap.want import Want
from infra.operations import converge
from infra.operations.converge import Machine
from tests.unit.test_bootstrap_backup import Told

REACHED = ("target", "want")
WANT = Want("vol1", "ubuntu", "zagent", "dev")


def run(*words: str) -> Result:
    """The command as a person would type it."""
    return CliRunner().invoke(app, ["cloud", *words], prog_name="zagent")


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would be reached, and then converged or planned for."""
    found: list[Any] = []

    def reached(*what: object) -> tuple[str, str]:
        found.append(what)
        return REACHED

    monkeypatch.setattr(converge, "stack", lambda name, folder, say: reached(name, folder))
    monkeypatch.setattr(converge, "machine", lambda given, say: reached(given))
    monkeypatch.setattr(bootstrap, "converge", lambda to, want: found.append((to, want)))
    monkeypatch.setattr(bootstrap, "missing", lambda to, want: [Reload(), Pull()] if (to, want) == REACHED else None)
    return found


@pytest.mark.parametrize(("words", "name"), [([], ""), (["dev"], "dev")])
def test_a_stack_is_named_or_the_only_one(called: list[Any], words: list[str], name: str) -> None:
    """The project is the working folder's."""
    assert run("converge", *words).exit_code == 0
    assert called == [(name, Path()), REACHED]


def test_a_person_may_vouch_for_the_disk_of_a_stack(called: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the stack's own login; the serial number must be that of its volume, and it is never formatted."""
    host, kept = Told(), NoRecord()
    monkeypatch.setattr(converge, "stack", lambda *_: (Target(host, kept, print), WANT))
    assert run("converge", "dev", "--serial", "vol-1").exit_code == 0
    ((to, want),) = called
    assert (to.host, to.permission, want) == (host, Vouched(kept), WANT)
    done = run("converge", "dev", "--serial", "vol-2")
    assert (done.exit_code, len(called)) == (2, 1)
    assert "the data volume of dev has the serial number vol1, not vol-2" in done.stderr


def test_a_machine_is_told_by_address_and_serial(called: list[Any]) -> None:
    """Nothing else need be known."""
    assert run("converge", "ubuntu@192.0.2.7", "--serial", "vol-1", "--identity", "/k").exit_code == 0
    assert called == [(Machine(Login("192.0.2.7", "ubuntu", Path("/k")), "vol-1"),), REACHED]


def test_a_plan_is_shown_and_nothing_done(called: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Step by step, or that there is none; for programs, too."""
    assert run("plan", "dev").stdout == "  1  let systemd and udev read their files again\n  2  pull the weights\n"
    assert json.loads(run("plan", "dev", "--json").stdout)["steps"][1] == "pull the weights"
    monkeypatch.setattr(bootstrap, "missing", lambda *_: [])
    assert run("plan").stdout == "0 steps: the host is as wanted\n"
    assert REACHED not in called


def test_a_machine_without_a_serial_number_is_refused(called: list[Any]) -> None:
    """No guess is made which of its disks holds data."""
    done = run("converge", "ubuntu@192.0.2.7")
    assert done.exit_code == 2
    assert "needs --serial" in done.stderr
    assert called == []


@pytest.mark.parametrize(
    ("target", "says"),
    [("ubuntu@", "no address in 'ubuntu@'"), ("@192.0.2.7", "no user in '@192.0.2.7'"), ("@", "no user in '@'")],
)
@pytest.mark.parametrize("serial", [[], ["--serial", "vol-1"]])
def test_half_a_machine_is_refused(called: list[Any], target: str, says: str, serial: list[str]) -> None:
    """Before anything else is asked of the person."""
    done = run("plan", target, *serial)
    assert (done.exit_code, called) == (2, [])
    assert says in done.stderr


def test_the_help_names_every_service() -> None:
    """That `cloud logs` shows, the backups' as well; placeholders are upper case."""
    assert "both backup services" in run("logs", "--help").stdout
    assert "[COMMAND]..." in run("ssh", "--help").stdout
    assert "Take, list, prune or restore" in run("snapshot", "--help").stdout


def test_a_folder_without_a_project_is_a_clear_error() -> None:
    """With a code of its own."""
    done = run("converge")
    assert (done.exit_code, "Traceback" in done.stderr) == (58, False)


def test_the_help_loads_no_library_of_the_cloud() -> None:
    """`zagent --help` is as quick with the plug-in as without."""
    script = (
        "import sys\nfrom typer.testing import CliRunner\nfrom zagent.cli.commands import app\n"
        "assert 'cloud' in CliRunner().invoke(app, ['--help']).output\nprint(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pulumi", "fabric", "paramiko", "boto3", "botocore", "yaml"} & set(loaded)
