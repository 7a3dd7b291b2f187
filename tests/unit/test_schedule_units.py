"""The units themselves: what systemd's own tools say of them, and what they may touch."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import time
from pathlib import Path

import pytest
import zagent
from zagent.errors import NoDestination, UsageError
from zagent.protect.restic import binary
from zagent.schedule import units
from zagent.schedule.units import FAILED, ON_FAILURE, SERVICES, TIMERS, UNITS, mount_unit, wanted
from zagent.settings import AGENT_ENV

from infra.bootstrap import agent

ROOTS = ["/data", "/mnt/my-disk", "/srv/a.b/.c_d:e", "/mnt/雪", "/data@2"]
BACKUP = ("zagent-backup", "zagent-backup-check")
COPIES = [Path("/mnt/backup"), Path("/media/My Disk/it's"), Path('/srv/a"b\\c$HOME%h'), Path("/mnt/雪")]
"""Folders of destinations, most of them with what systemd would read as something else."""

EXPOSURE = "20"
"""The most that `systemd-analyze security` may find, in tenths: 2.0 of 10."""

SANDBOX = "Protect|Private|Device|Restrict|SystemCall|Capability|Lock|Memory|NoNew|ProcSubset"
"""How the directives begin that take something away."""

needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd's own tools")


def analyze(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run systemd-analyze."""
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=False)


def value(unit: str, name: str) -> list[str]:
    """Every value that a unit's text gives a directive."""
    return re.findall(rf"^{name}=(.*)$", unit, re.MULTILINE)


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A root folder with systemd's own units, the commands that ours run, and what fstab makes of /data."""
    shutil.copytree("/lib/systemd/system", tmp_path / "lib/systemd/system", symlinks=True)
    (tmp_path / "usr").mkdir()
    (tmp_path / "usr/lib").symlink_to("../lib")
    for path in ("usr/local/bin/zagent", "usr/bin/mkdir", str(ON_FAILURE).strip("/")):
        command = tmp_path / path
        command.parent.mkdir(parents=True, exist_ok=True)
        command.write_text("#!/bin/sh\n")
        command.chmod(0o755)
    return tmp_path


def installed(host: Path, root: Path, texts: dict[str, str]) -> Path:
    """The host with these units, and with a mount unit for the data root."""
    folder = host / "etc/systemd/system"
    folder.mkdir(parents=True, exist_ok=True)
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
    assert set(wanted(Path("/data"))) == {*UNITS} == {*SERVICES, *TIMERS, FAILED}
    assert all(map(units.is_ours, wanted(Path("/data")).values()))


@needs_systemd
@pytest.mark.parametrize("root", ROOTS)
def test_systemd_finds_no_fault(host: Path, root: str) -> None:
    """`systemd-analyze verify` has nothing to say: every directive is known, what is required is found."""
    texts = wanted(Path(root), COPIES)
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
    unit.write_text(wanted(Path("/data"), COPIES)[service])
    measure = ("security", "--offline=true", f"--threshold={EXPOSURE}")
    assert analyze(*measure, unit).returncode == 0
    unit.write_text(re.sub(f"^({SANDBOX}).*\n", "", unit.read_text(), flags=re.MULTILINE))
    assert analyze(*measure, unit).returncode != 0


def test_a_verify_may_write_its_records_and_nothing_else() -> None:
    """Not even the weights, though it runs as their owner."""
    texts = wanted(Path("/data"))
    space = "-/data/.zagent/space"
    assert value(texts["zagent-verify.service"], "ReadWritePaths") == [f"-/data/.zagent/verified {space}"]
    assert value(texts["zagent-verify-quick.service"], "ReadWritePaths") == [space]
    assert {value(texts[name], "ProtectSystem")[0] for name in SERVICES} == {"strict"}


@pytest.mark.parametrize("job", BACKUP)
def test_a_backup_can_read_all_but_write_only_its_own_and_the_copies(job: str) -> None:
    """As root, yet not the weights, which a fault of its own must never cost."""
    text = wanted(Path("/data"), [Path("/mnt/backup")])[f"{job}.service"]
    own = "-/data/.zagent/locks -/data/.zagent/backups -/data/.zagent/space -/opt/zagent/tools"
    assert value(text, "ReadWritePaths") == [f'{own} "-/mnt/backup"']
    assert value(text, "User") == ["root"]
    assert value(text, "EnvironmentFile") == [str(AGENT_ENV)], "what a repository asks for is restic's alone"
    assert value(text, "CapabilityBoundingSet") == ["CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH"]


def test_a_restic_that_is_fetched_has_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a reset of the system disk the backup itself has to fetch it, as root."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert binary.place().parent == units.TOOLS
    text = wanted(Path("/data"))["zagent-backup.service"]
    assert value(text, "ExecStartPre") == [f"+/usr/bin/mkdir -p {units.TOOLS}"]


@needs_systemd
def test_systemd_reads_the_folders_as_they_are() -> None:
    """What it makes of the line, asked of systemd itself: with blanks, quotes, backslashes and percent signs."""
    (line,) = value(wanted(Path("/data"), COPIES)["zagent-backup.service"], "ReadWritePaths")
    end = " ".join(f"-{one}" for one in ("/opt/zagent/tools", *COPIES))
    (read,) = [one for one in loaded(f"ReadWritePaths={line}") if one.startswith("ReadWritePaths: ")]
    assert read.endswith(f" {end}")


def loaded(line: str) -> list[str]:
    """All that a systemd knows which has read a service with this line, and starts nothing; it must not be root."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "one.service").write_text(f"[Service]\nExecStart=/bin/true\n{line}\n")
        for target in ("basic", "shutdown", "sysinit"):
            (folder / f"{target}.target").write_text("[Unit]\nDescription=nothing\n")
        folder.chmod(0o777)
        variables = {"SYSTEMD_UNIT_PATH": name, "HOME": name, "XDG_RUNTIME_DIR": name, "PATH": os.defpath}
        command = ["/lib/systemd/systemd", "--test", "--user", "--unit=one.service", "--no-pager"]
        as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
        done = subprocess.run([*as_nobody, *command], capture_output=True, text=True, check=False, env=variables)
    return [one.strip() for one in (done.stdout + done.stderr).splitlines()]


def test_a_copy_that_no_unit_can_name_is_refused() -> None:
    """Rather than a line that is two."""
    with pytest.raises(UsageError, match="can't stand in a systemd unit"):
        wanted(Path("/data"), [Path("/mnt/a\nExecStart=/bin/evil")])


@pytest.mark.parametrize("service", SERVICES)
def test_a_failed_service_calls_for_its_owners_program(service: str) -> None:
    """With the service's name as systemd spells it; without the program nothing is done."""
    texts = wanted(Path("/data"))
    assert value(texts[service], "OnFailure") == ["zagent-failed@%n.service"]
    assert value(texts[FAILED], "ExecStart") == ["/etc/zagent/on-failure %i"]
    assert value(texts[FAILED], "ConditionFileIsExecutable") == ["/etc/zagent/on-failure"]
    assert not value(texts[FAILED], "OnFailure")


@pytest.mark.parametrize("job", BACKUP)
def test_without_a_destination_a_backup_does_nothing_and_does_not_fail(job: str) -> None:
    """By the list on the volume; where the marker is missing, too, it goes on to the Assert, which is told."""
    text = wanted(Path("/mnt/my-disk"))[f"{job}.service"]
    own = "/mnt/my-disk/.zagent"
    assert value(text, "Condition.*") == [f"|{own}/backups/destinations.json", f"|!{own}/volume.json"]
    assert value(text, "SuccessExitStatus") == [str(NoDestination.exit_code)]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_asserts_the_mount_and_the_marker(service: str) -> None:
    """An empty folder where the volume should be is refused aloud."""
    text = wanted(Path("/mnt/my-disk"))[service]
    assert value(text, "RequiresMountsFor") == value(text, "AssertPathIsMountPoint") == ["/mnt/my-disk"]
    assert value(text, "BindsTo") == value(text, "After")[:1] == ["mnt-my\\x2ddisk.mount"]
    assert value(text, "AssertPathExists") == ["/mnt/my-disk/.zagent/volume.json"]
    assert bool(value(text, "Condition.*")) is service.startswith("zagent-backup")


@needs_systemd
@pytest.mark.parametrize("timer", TIMERS)
def test_a_timer_fires_at_night_and_not_while_the_snapshot_is_taken(timer: str) -> None:
    """In UTC, as the snapshot policy counts; a night on which the machine was off is caught up."""
    text = wanted(Path("/data"))[timer]
    (moment,) = value(text, "OnCalendar")
    assert analyze("calendar", moment).returncode == 0
    *_, at, zone = moment.split()
    assert (zone, value(text, "Persistent")) == ("UTC", ["true"])
    if timer == "zagent-backup.timer":
        assert (moment, time.fromisoformat(at)) == ("*-*-* 02:00:00 UTC", time(2))
    else:
        assert time(4) <= time.fromisoformat(at) <= time(6)
    assert value(text, "RandomizedDelaySec")


def test_only_the_standard_library_is_needed() -> None:
    """The bootstrap calls it with the host's own Python, where no package is installed."""
    script = "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path\n"
    script += "from zagent.schedule.install import install\nfrom zagent.schedule import units, host, remove, status\n"
    script += "print(len(units.wanted(Path('/data'))))"
    command = [sys.executable, "-I", "-S", "-c", script, str(Path(zagent.__file__).parent.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("9\n", "")


def test_the_templates_travel_with_the_agent() -> None:
    """What the bootstrap brings to a host has them."""
    names = {name for name, _ in agent.files()}
    assert {f"zagent/units/{name}" for name in (*UNITS, *units.PARTS.values())} <= names
