"""The units themselves: what systemd's own tools say of them, and what they may touch."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from datetime import time
from pathlib import Path

import pytest
import zagent
from zagent.errors import UsageError
from zagent.schedule import units
from zagent.schedule.units import SERVICES, TIMERS, mount_unit, wanted

from infra.bootstrap import agent

ROOTS = ["/data", "/mnt/my-disk", "/srv/a.b/.c_d:e", "/mnt/雪", "/data@2"]
EXPOSURE = "20"
"""The most that `systemd-analyze security` may find, in tenths: 2.0 of 10."""

needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd's own tools")


def analyze(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run systemd-analyze."""
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=False)


def value(unit: str, name: str) -> list[str]:
    """Every value that a unit's text gives a directive."""
    return re.findall(rf"^{name}=(.*)$", unit, re.MULTILINE)


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A root folder with systemd's own units, the command that ours run, and what fstab makes of /data."""
    shutil.copytree("/lib/systemd/system", tmp_path / "lib/systemd/system", symlinks=True)
    (tmp_path / "usr").mkdir()
    (tmp_path / "usr/lib").symlink_to("../lib")
    command = tmp_path / "usr/local/bin/zagent"
    command.parent.mkdir(parents=True)
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    return tmp_path


def installed(host: Path, root: Path, texts: dict[str, str]) -> Path:
    """The host with these units, and with a mount unit for the data root."""
    folder = host / "etc/systemd/system"
    folder.mkdir(parents=True)
    (folder / mount_unit(root)).write_text(f"[Mount]\nWhat=/dev/disk/by-uuid/1-2\nWhere={root}\n")
    for name, text in texts.items():
        (folder / name).write_text(text)
    return host


@pytest.mark.parametrize("path", [*ROOTS, "/", "/my data", "/it's", "/a//b/", "/x%y\\z"])
def test_a_mount_units_name_is_what_systemd_makes_of_the_path(path: str) -> None:
    """Compared with systemd-escape."""
    if not shutil.which("systemd-escape"):
        pytest.skip("needs systemd's own tools")
    command = ["systemd-escape", "--path", "--suffix=mount", path]
    escaped = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert mount_unit(Path(path)) == escaped


@pytest.mark.parametrize("root", ["/my data", "/it's", '/"x"', "/a\\b", "/50%", "/$HOME", "/a\nb", "data"])
def test_a_root_that_systemd_would_misread_is_refused(root: str) -> None:
    """Rather than units that are bound to another folder."""
    with pytest.raises(UsageError, match="can't stand in a systemd unit"):
        wanted(Path(root))


def test_the_same_root_gives_the_same_text() -> None:
    """Whoever knows the root can tell without a login what must be there."""
    assert wanted(Path("/data")) == wanted(Path("/data/../data"))
    assert set(wanted(Path("/data"))) == {*SERVICES, *TIMERS}
    assert all(map(units.is_ours, wanted(Path("/data")).values()))


@needs_systemd
@pytest.mark.parametrize("root", ROOTS)
def test_systemd_finds_no_fault(host: Path, root: str) -> None:
    """`systemd-analyze verify` has nothing to say: every directive is known, what is required is found."""
    texts = wanted(Path(root))
    done = analyze("verify", f"--root={installed(host, Path(root), texts)}", *texts)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_systemd
def test_without_the_mount_the_services_cannot_start(host: Path) -> None:
    """The mount unit is required: where fstab lacks the line there is none."""
    installed(host, Path("/data"), wanted(Path("/data")))
    (host / "etc/systemd/system/data.mount").unlink()
    for service in SERVICES:
        done = analyze("verify", f"--root={host}", service)
        assert done.returncode != 0
        assert "Unit data.mount not found" in done.stderr


@needs_systemd
@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_little_exposed(tmp_path: Path, service: str) -> None:
    """At most 2.0 by systemd's own measure; the same service without its sandbox is far beyond."""
    unit = tmp_path / service
    unit.write_text(wanted(Path("/data"))[service])
    measure = ("security", "--offline=true", f"--threshold={EXPOSURE}")
    assert analyze(*measure, unit).returncode == 0
    unit.write_text("".join(re.split(r"^(?=Nice=)", unit.read_text(), flags=re.MULTILINE)[0]))
    assert analyze(*measure, unit).returncode != 0


def test_a_service_may_write_its_record_and_nothing_else() -> None:
    """Not even the weights, though it runs as their owner."""
    texts = wanted(Path("/data"))
    assert value(texts["zagent-verify.service"], "ReadWritePaths") == ["-/data/.zagent/verified"]
    assert value(texts["zagent-verify-quick.service"], "ReadWritePaths") == []
    assert {value(texts[name], "ProtectSystem")[0] for name in SERVICES} == {"strict"}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_asserts_the_mount_and_the_marker(service: str) -> None:
    """An empty folder where the volume should be is refused aloud."""
    text = wanted(Path("/mnt/my-disk"))[service]
    assert value(text, "RequiresMountsFor") == value(text, "AssertPathIsMountPoint") == ["/mnt/my-disk"]
    assert value(text, "BindsTo") == value(text, "After") == ["mnt-my\\x2ddisk.mount"]
    assert value(text, "AssertPathExists") == ["/mnt/my-disk/.zagent/volume.json"]
    assert not value(text, "Condition.*")


@needs_systemd
@pytest.mark.parametrize("timer", TIMERS)
def test_a_timer_fires_at_night_after_the_snapshot(timer: str) -> None:
    """In UTC, as the snapshot policy counts; a night on which the machine was off is caught up."""
    text = wanted(Path("/data"))[timer]
    (moment,) = value(text, "OnCalendar")
    assert analyze("calendar", moment).returncode == 0
    *_, at, zone = moment.split()
    assert (zone, value(text, "Persistent")) == ("UTC", ["true"])
    assert time(4) <= time.fromisoformat(at) <= time(6)
    assert value(text, "RandomizedDelaySec")


def test_only_the_standard_library_is_needed() -> None:
    """The bootstrap calls it with the host's own Python, where no package is installed."""
    script = "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path\n"
    script += "from zagent.schedule.install import install\nfrom zagent.schedule import units, host, remove, status\n"
    script += "print(len(units.wanted(Path('/data'))))"
    command = [sys.executable, "-I", "-S", "-c", script, str(Path(zagent.__file__).parent.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("4\n", "")


def test_the_templates_travel_with_the_agent() -> None:
    """What the bootstrap brings to a host has them."""
    names = {name for name, _ in agent.files()}
    assert {f"zagent/units/{name}" for name in (*SERVICES, *TIMERS, "mount.part", "sandbox.part")} <= names
