"""``zagent cloud status``: what a host says of itself, or why it says nothing."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result
from zagent.cli.commands import app

from infra.operations import find, inside
from tests.bootstrap.server import Server, needs_sshd, server
from tests.operations.cloud import Cloud

__all__ = ["server"]

DOCTOR = """#!/bin/sh
[ "$*" = "doctor --json" ] || exit 1
echo Welcome
echo '{"check": "mount", "severity": "ok", "message": "xfs", "remedy": "", "exit_code": 0}'
echo '{"check": "gpu", "severity": "warning", "message": "none, for '"$(id -un)"'", "remedy": "", "exit_code": 0}'
echo '{"check": "weights", "severity": "error", "message": "no manifest", "remedy": "zagent pull", "exit_code": 20}'
exit 20
"""


def run(*words: str) -> Result:
    """The command as a person would type it."""
    done = CliRunner().invoke(app, ["cloud", "status", *words], prog_name="zagent")
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture
def launcher(cloud: Cloud, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the launcher belongs on the stack's host, which is this machine over SSH, its volume mounted."""
    cloud.host()
    found = tmp_path / "odd 'name'"
    monkeypatch.setattr(find, "login", lambda settings, host: server.login)
    monkeypatch.setattr(inside, "LAUNCHER", str(found))
    monkeypatch.setattr(inside, "ROOT", "/")
    return found


@pytest.mark.root
@needs_sshd
def test_a_host_that_answers(launcher: Path) -> None:
    """How full its volume is, and what its doctor finds; what is not in order has a line."""
    launcher.write_text(DOCTOR)
    launcher.chmod(0o755)
    lines = run().stdout.splitlines()
    assert "doctor       1 error, 1 warning, 1 ok" in lines
    assert "error        weights: no manifest   try: zagent pull" in lines
    assert "warning      gpu: none, for root" in lines
    [found] = json.loads(run("--json").stdout)["hosts"]
    assert found["inside"]["size_bytes"] == os.statvfs("/").f_blocks * os.statvfs("/").f_frsize
    assert 0 < found["inside"]["used_bytes"] < found["inside"]["size_bytes"]
    assert found["inside"]["doctor"][2] == {
        "check": "weights",
        "severity": "error",
        "message": "no manifest",
        "remedy": "zagent pull",
    }


@pytest.mark.root
@needs_sshd
def test_a_host_without_the_agent_and_without_its_volume(launcher: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are told; it is no error of this command."""
    monkeypatch.setattr(inside, "ROOT", str(launcher.parent))
    [found] = json.loads(run("--json").stdout)["hosts"]
    assert found["inside"]["size_bytes"] == 0
    assert found["inside"]["why"].startswith("`zagent doctor` does not run there: ")
    assert found["inside"]["why"].endswith(": No such file or directory")


@pytest.mark.root
@needs_sshd
def test_another_machine_in_its_place_is_not_asked(
    launcher: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its key is not the one that Pulumi made."""
    other = (server.folder / "another.pub").read_text().rsplit(maxsplit=1)[0]
    monkeypatch.setattr(find, "login", lambda settings, host: replace(server.login, host_key=other))
    assert "another machine answers there" in run().stdout


def test_a_host_that_does_not_answer(cloud: Cloud) -> None:
    """A line says why, all else is shown, and it is no error."""
    cloud.host()
    [host] = json.loads(run("--json").stdout)["hosts"]
    assert "id_ed25519 can't be used to log in to" in host["inside"]["why"]
    key = Path.home() / ".ssh" / "id_ed25519"
    key.parent.mkdir()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    [host] = json.loads(run("--json").stdout)["hosts"]
    assert "can't be worked on over SSH" in host["inside"]["why"]


def test_aws_alone(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """If asked so."""
    monkeypatch.setattr(inside, "connect", pytest.fail)
    cloud.host()
    [host] = json.loads(run("--no-host", "--json").stdout)["hosts"]
    assert host["inside"] is None
