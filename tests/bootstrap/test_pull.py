"""The script that has systemd pull the weights, with programs in the place of systemd's."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest
from zagent.protect import destinations
from zagent.schedule.units import SERVICES
from zagent.volume.layout import Layout

from infra.bootstrap.files import pull
from infra.bootstrap.gather import on_host

SYSTEMCTL = """\
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


def pulled(tools: Path, root: Path) -> subprocess.CompletedProcess[str]:
    """Run the script as the bootstrap does."""
    environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}
    words = on_host("pull", str(root), "/usr/local/bin/zagent", "pull")
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)


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
    assert pull.BACKUP in SERVICES
    assert Path("/data", pull.DESTINATIONS) == destinations.path(Layout(Path("/data")))


def test_that_a_backup_begins_is_told_where_it_does(tools: Path, tmp_path: Path) -> None:
    """After a pull that ended well, on a host with a destination."""
    line = "the first backup begins, as zagent-backup.service\n"
    assert line not in pulled(tools, tmp_path / "none").stdout
    assert pulled(tools, with_a_destination(tmp_path / "data")).stdout.endswith(line)
    (tools / "systemctl.code").write_text("21")
    (tools / "systemctl.started").unlink()
    failed = pulled(tools, tmp_path / "data")
    assert (failed.returncode, line in failed.stdout) == (21, False)
