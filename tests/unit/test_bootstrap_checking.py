"""The check of every mount as a unit of systemd's, and what a plan makes of its word."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from infra.bootstrap.checking import SCRIPT, UNIT, unit
from infra.bootstrap.facts import parsers
from infra.bootstrap.facts.model import Checked
from infra.bootstrap.files import script
from infra.bootstrap.plan.runtime import RuntimePlan
from infra.bootstrap.want import MOUNT_UNIT, RUNTIME_LIST, RUNTIME_STAMPS, RUNTIME_UNIT_ENABLED
from infra.errors import HostUnsuitable
from tests.unit.test_bootstrap_plan import RUNTIME, WANT, converged

EXPOSURE = "20"
"""The most that `systemd-analyze security` may find, in tenths: 2.0 of 10."""

needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd's own tools")


def analyze(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run systemd-analyze."""
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=False)


def value(name: str) -> list[str]:
    """Every value that the unit gives a directive."""
    return re.findall(rf"^{name}=(.*)$", unit("/usr/bin/python3"), re.MULTILINE)


@needs_systemd
def test_systemd_finds_no_fault(tmp_path: Path) -> None:
    """`systemd-analyze verify` has nothing to say, with the mount unit that fstab makes."""
    shutil.copytree("/lib/systemd/system", tmp_path / "lib/systemd/system", symlinks=True)
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "usr/lib").symlink_to("../lib")
    (tmp_path / "usr/bin/python3").write_text("")
    (tmp_path / "usr/bin/python3").chmod(0o755)
    own = tmp_path / "etc/systemd/system"
    own.mkdir(parents=True)
    (own / MOUNT_UNIT).write_text("[Mount]\nWhat=/dev/disk/by-uuid/1-2\nWhere=/data\n")
    (own / UNIT).write_text(unit("/usr/bin/python3"))
    done = analyze("verify", f"--root={tmp_path}", UNIT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_systemd
def test_it_is_little_exposed(tmp_path: Path) -> None:
    """At most 2.0 by systemd's own measure; the same service without its sandbox is far beyond."""
    path = tmp_path / UNIT
    measure = ("security", "--offline=true", f"--threshold={EXPOSURE}", path)
    path.write_text(unit("/usr/bin/python3"))
    assert analyze(*measure).returncode == 0
    path.write_text(re.split(r"^(?=NoExecPaths=)", path.read_text(), flags=re.MULTILINE)[0])
    assert analyze(*measure).returncode != 0


def test_its_stamp_comes_and_goes_with_the_mount() -> None:
    """It starts after whatever mounts the volume, ends with it, and systemd then removes the stamp."""
    assert value("BindsTo") == value("After") == value("WantedBy") == [MOUNT_UNIT]
    assert value("RemainAfterExit") == ["yes"]
    assert [f"/run/{one}" for one in value("RuntimeDirectory")] == [RUNTIME_STAMPS]
    assert not value("RuntimeDirectoryPreserve")
    assert f"/etc/systemd/system/{MOUNT_UNIT}.wants/{UNIT}" == RUNTIME_UNIT_ENABLED


def test_it_runs_nothing_from_the_volume() -> None:
    """Interpreter, script and list are the system disk's, and the kernel would refuse the rest."""
    (command,) = value("ExecStart")
    assert command.split()[1:] == ["-I", SCRIPT, RUNTIME_LIST, "/data", RUNTIME_STAMPS]
    assert value("NoExecPaths") == ["/data"]


def test_the_check_needs_a_hosts_python_alone(tmp_path: Path) -> None:
    """Nothing but the standard library."""
    (tmp_path / "list").write_text('{"folder": "/nowhere", "links": {}, "files": {}}')
    command = [sys.executable, "-I", "-S", "-c", script("check"), str(tmp_path / "list"), "/"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert parsers.checked(done.returncode, done.stdout) == Checked("/nowhere", ("/nowhere: not there",))


def test_a_host_without_a_list_knows_nothing() -> None:
    """Nor does one whose list is that of another runtime."""
    assert parsers.checked(0, "") is None
    facts, _ = converged()
    for checked in (None, Checked("/data/.zagent/runtime/another")):
        plan = RuntimePlan(replace(facts, checked=checked), RUNTIME, WANT)
        assert not plan.is_known
        assert list(map(str, plan.steps())) == [f"write {RUNTIME_LIST}"]


def test_packages_that_are_not_read_in_time_are_not_sent_again() -> None:
    """A volume from a snapshot may be slow when it is read for the first time."""
    facts, _ = converged()
    plan = RuntimePlan(replace(facts, checked=parsers.checked(parsers.TIMED_OUT, "")), RUNTIME, WANT)
    with pytest.raises(HostUnsuitable, match="not read within 30 minutes"):
        plan.steps()
