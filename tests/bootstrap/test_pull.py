"""The script that has systemd run units, the pull above all, with programs in the place of systemd's."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest
from zagent.protect import destinations
from zagent.schedule.units import SERVICES
from zagent.volume.layout import Layout

from infra.bootstrap.files import run
from infra.bootstrap.gather import on_host

SYSTEMCTL = """\
case "$1 $3" in "start ") echo "Job for $2 failed." >&2; exit "$(cat "$0.code")" ;; esac
case "$3" in
    --property=ActiveState) [ -e "$0.started" ] && echo active || echo inactive ;;
    --property=Result) [ "$(cat "$0.code")" = 0 ] && echo success || echo exit-code ;;
    --property=ExecMainStatus) cat "$0.code" ;;
    --property=InvocationID) echo 1234 ;;
esac
"""
SYSTEMD_RUN = """\
printf '%s\\n' "$@" > "$0.told"
touch "${0%/*}/systemctl.started"
"""


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """The folder of the programs; what the pull ends with stands in systemctl.code."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in (("systemctl", SYSTEMCTL), ("systemd-run", SYSTEMD_RUN), ("journalctl", "echo pulling")):
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    (folder / "systemctl.code").write_text("0")
    return folder


def ran(tools: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the script as the operator's side does."""
    environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}
    return subprocess.run(on_host("run", *words), env=environment, capture_output=True, text=True, check=False)


def pulled(tools: Path, root: Path) -> subprocess.CompletedProcess[str]:
    """Run the script as the bootstrap does."""
    return ran(tools, "pull", str(root), "/usr/local/bin/zagent", "pull")


def with_a_destination(root: Path) -> Path:
    """A data root whose list of destinations is there."""
    destinations.write(Layout(root), [])
    return root


def test_the_unit_begins_the_first_backup_as_root(tools: Path, tmp_path: Path) -> None:
    """Though the pull is the service user's and nobody may be listening any more; its failure is not the pull's."""
    done = pulled(tools, with_a_destination(tmp_path / "data"))
    assert done.returncode == 0, done.stderr
    told = (tools / "systemd-run.told").read_text().splitlines()
    assert "--uid=zagent" in told
    (then,) = [one.partition("ExecStartPost=")[2] for one in told if "ExecStartPost" in one]
    program, *words = shlex.split(then)
    assert program == f"-+{tools / 'systemctl'}"
    assert words == ["start", "--no-block", "zagent-backup.service"]
    assert told[-2:] == ["/usr/local/bin/zagent", "pull"]


def test_what_it_names_is_there() -> None:
    """The agent's own unit, and the file that says whether there is a destination."""
    assert run.BACKUP in SERVICES
    assert Path("/data", run.DESTINATIONS) == destinations.path(Layout(Path("/data")))


def test_that_a_backup_begins_is_told_where_it_does(tools: Path, tmp_path: Path) -> None:
    """After a pull that ended well, on a host with a destination."""
    line = "the first backup begins, as zagent-backup.service\n"
    assert line not in pulled(tools, tmp_path / "none").stdout
    assert pulled(tools, with_a_destination(tmp_path / "data")).stdout.endswith(line)
    (tools / "systemctl.code").write_text("21")
    (tools / "systemctl.started").unlink()
    failed = pulled(tools, tmp_path / "data")
    assert (failed.returncode, line in failed.stdout) == (21, False)


@pytest.mark.parametrize("code", [0, 1])
def test_a_unit_that_is_there_is_followed_to_its_end(tools: Path, code: int) -> None:
    """What it says comes, and how systemctl ended; that it lets a person know why goes to the errors."""
    (tools / "systemctl.code").write_text(str(code))
    (tools / "journalctl").write_text('#!/bin/sh\necho "$*" >> "$0.told"\n[ "$1" = --sync ] || echo verifying\n')
    done = ran(tools, "start", "zagent-verify.service")
    assert (done.returncode, done.stdout) == (code, "verifying\n")
    assert done.stderr == "Job for zagent-verify.service failed.\n"
    followed, *_ = (tools / "journalctl.told").read_text().splitlines()
    assert followed == "--follow --output=cat --lines=0 --unit=zagent-verify.service"
