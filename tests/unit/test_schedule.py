"""Installing, removing and asking after the timers: only what is needed, and only what is ours."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from zagent.errors import ScheduleRefused, SystemdRefused
from zagent.protect import destinations
from zagent.protect.destinations import Destination
from zagent.schedule.install import install
from zagent.schedule.remove import remove
from zagent.schedule.status import result, status
from zagent.schedule.units import SERVICES, TIMERS, wanted
from zagent.volume.layout import Layout

pytestmark = pytest.mark.skipif(not shutil.which("systemctl"), reason="needs systemd's own tools")

ROOT = Path("/data")
RELOAD = ["daemon-reload"]
ENABLE = ["enable", "--now", "--no-reload", *TIMERS]


class Systemd:
    """A host whose systemd is told; the links are made by the real systemctl, which needs none running for that."""

    def __init__(self, host: Path) -> None:
        """Empty, and nothing is loaded."""
        self.host, self.folder = host, host / "etc/systemd/system"
        self.folder.mkdir(parents=True)
        self.loaded: dict[str, str] = {}
        self.active: set[str] = set()
        self.told: list[list[str]] = []
        self.fails_at = ""

    def __call__(self, words: Sequence[str]) -> str:
        """Do what systemctl would."""
        if words[0] == "show":
            return "\n\n".join(self._shown(name) for name in words if name in (*SERVICES, *TIMERS))
        if words[0] == self.fails_at:
            raise SystemdRefused(words=" ".join(words), detail="on purpose")
        self.told.append(list(words))
        if words[0] == "daemon-reload":
            self.loaded = self.files()
        else:
            self._links(words)
        return ""

    def _links(self, words: Sequence[str]) -> None:
        rest = [one for one in words if one != "--now"]
        subprocess.run(["systemctl", f"--root={self.host}", *rest], check=True, capture_output=True)
        names = set(words) & set(TIMERS)
        self.active = self.active | names if words[0] == "enable" else self.active - names
        self.loaded |= {name: text for name, text in self.files().items() if name in names - set(self.loaded)}

    def _shown(self, name: str) -> str:
        stale = name in self.loaded and self.files().get(name) != self.loaded[name]
        active = "active" if name in self.active else "inactive"
        return f"Id={name}\nActiveState={active}\nNeedDaemonReload={'yes' if stale else 'no'}"

    def files(self) -> dict[str, str]:
        """The units that lie in the folder."""
        return {one.name: one.read_text() for one in self.folder.glob("zagent-*") if one.is_file()}

    def install(self, *, dry_run: bool = False) -> list[str]:
        """Install; what was told before is forgotten."""
        self.told = []
        return install(self.folder, ROOT, self, dry_run=dry_run)


@pytest.fixture
def systemd(tmp_path: Path) -> Systemd:
    """Without our units."""
    return Systemd(tmp_path / "host")


@pytest.fixture
def scheduled(systemd: Systemd) -> Systemd:
    """With them."""
    systemd.install()
    return systemd


def test_the_first_time_all_is_put_in_place(systemd: Systemd) -> None:
    """Files, one reload, then the timers; each step is told."""
    done = systemd.install()
    assert systemd.files() == wanted(ROOT)
    assert systemd.told == [RELOAD, ENABLE]
    assert done[:-2] == [f"write {systemd.folder / name}" for name in wanted(ROOT)]
    assert done[-2:] == ["let systemd read its units again", f"enable and start {' and '.join(TIMERS)}"]
    assert {(systemd.folder / name).stat().st_mode & 0o777 for name in wanted(ROOT)} == {0o644}


def test_the_second_time_nothing_is_done(scheduled: Systemd) -> None:
    """Above all no reload: it can take the GPU from running containers."""
    before = {one: one.lstat().st_mtime_ns for one in scheduled.folder.rglob("*")}
    assert scheduled.install() == []
    assert scheduled.told == []
    assert {one: one.lstat().st_mtime_ns for one in scheduled.folder.rglob("*")} == before


def test_only_the_unit_that_differs_is_written(scheduled: Systemd) -> None:
    """One reload; the timers run on."""
    changed = scheduled.folder / SERVICES[0]
    changed.write_text(changed.read_text() + "# edited\n")
    scheduled.loaded = scheduled.files()
    assert scheduled.install() == [f"write {changed}", "let systemd read its units again"]
    assert scheduled.told == [RELOAD]
    assert scheduled.files() == wanted(ROOT)


@pytest.mark.parametrize("how", ["disabled", "stopped"])
def test_a_timer_that_does_not_run_is_started_without_a_reload(scheduled: Systemd, how: str) -> None:
    """`systemctl enable` alone would reload, too."""
    if how == "disabled":
        scheduled(["disable", TIMERS[1]])
        scheduled.active.add(TIMERS[1])
    else:
        scheduled.active.remove(TIMERS[1])
    assert scheduled.install() == [f"enable and start {TIMERS[1]}"]
    assert scheduled.told == [["enable", "--now", "--no-reload", TIMERS[1]]]


@pytest.mark.parametrize("verb", ["daemon-reload", "enable"])
@pytest.mark.parametrize("before", ["nothing", "older units"])
def test_what_was_interrupted_is_finished_by_the_next(systemd: Systemd, verb: str, before: str) -> None:
    """Wherever systemd refused, the next run ends with units that are loaded and timers that run, and then rests."""
    if before == "older units":
        systemd.install()
        for name in systemd.files():
            (systemd.folder / name).write_text("# zagent's\n[Timer]\n[Install]\nWantedBy=timers.target\n")
        systemd.loaded, systemd.active = systemd.files(), set()
    systemd.fails_at = verb
    with pytest.raises(SystemdRefused):
        systemd.install()
    systemd.fails_at = ""
    assert systemd.install()
    assert (systemd.files(), systemd.active) == (wanted(ROOT), set(TIMERS))
    assert systemd.loaded.items() <= wanted(ROOT).items()
    assert systemd.install() == []


@pytest.mark.parametrize("kind", ["file", "mask"])
def test_someone_elses_unit_is_left_alone(systemd: Systemd, kind: str) -> None:
    """Neither it nor anything else is changed, and it is named."""
    path = systemd.folder / TIMERS[0]
    path.write_text("[Timer]\nOnCalendar=daily\n") if kind == "file" else path.symlink_to("/dev/null")
    with pytest.raises(ScheduleRefused, match=f"{path} is not zagent's"):
        systemd.install()
    assert (list(systemd.folder.iterdir()), systemd.told) == ([path], [])
    assert remove(systemd.folder, systemd) == []
    assert path.is_symlink() is (kind == "mask")


DISK = Destination("disk", "mirror", "/mnt/backup")
REMOTE = Destination("away", "restic", "s3:https://s3.example.org/bucket")


def test_a_destination_on_this_machine_may_be_written_by_the_backups(systemd: Systemd, tmp_path: Path) -> None:
    """By no other service; what lies elsewhere needs no line. A list that nobody can read changes nothing else."""
    layout = Layout(tmp_path / "data")
    install(systemd.folder, layout.root, systemd)
    before = systemd.files()
    destinations.write(layout, [DISK, REMOTE])
    done = install(systemd.folder, layout.root, systemd)
    changed = ["zagent-backup.service", "zagent-backup-check.service"]
    assert done == [*(f"write {systemd.folder / name}" for name in changed), "let systemd read its units again"]
    assert all('"-/mnt/backup"' in systemd.files()[name] for name in changed)
    destinations.path(layout).write_text("not a list")
    install(systemd.folder, layout.root, systemd)
    assert systemd.files() == before


def test_a_dry_run_tells_and_does_nothing(systemd: Systemd) -> None:
    """The very lines of the real run."""
    told = systemd.install(dry_run=True)
    assert (systemd.files(), systemd.told) == ({}, [])
    assert told == systemd.install()


def test_removing_takes_only_what_is_ours(scheduled: Systemd) -> None:
    """Timers first, then files, then one reload; others' units stay, and a second time there is nothing to do."""
    others = scheduled.folder / "zagent-of-mine.service"
    others.write_text("[Service]\nExecStart=/bin/true\n")
    foreign = scheduled.folder / SERVICES[0]
    foreign.write_text("[Service]\n")
    scheduled.told = []
    done = remove(scheduled.folder, scheduled)
    assert scheduled.told == [["disable", "--now", "--no-reload", *TIMERS], RELOAD]
    assert set(scheduled.files()) == {others.name, foreign.name}
    assert f"delete {scheduled.folder / SERVICES[1]}" in done
    assert not list((scheduled.folder / "timers.target.wants").glob("*"))
    assert remove(scheduled.folder, scheduled) == []


SHOWN = """Id=zagent-verify.service
ActiveState=failed
Result=exit-code
ExecMainStatus=21
ExecMainStartTimestamp=Sun 2026-01-04 04:50:00 UTC
AssertResult=yes
AssertTimestamp=Sun 2026-01-04 04:50:00 UTC

Id=zagent-verify.timer
LoadState=loaded
ActiveState=active
NextElapseUSecRealtime=Sun 2026-01-11 04:51:12 UTC
LastTriggerUSec=Sun 2026-01-04 04:50:00 UTC

Id=zagent-verify-quick.timer
LoadState=not-found
ActiveState=inactive
NextElapseUSecRealtime=
LastTriggerUSec=n/a
"""
"""In the words of systemctl; a service that nobody ever started is not in it."""


def test_the_status_is_read_from_systemds_words(scheduled: Systemd) -> None:
    """Times in UTC, and the exit code of the last run; a timer that is not there is told as such."""
    quick, deep, *_ = status(scheduled.folder, lambda words: SHOWN)
    assert (quick.state, quick.next, quick.last) == ("not installed", None, None)
    assert (deep.name, deep.state, deep.result) == (TIMERS[1], "enabled", "failed: exit-code, status 21")
    assert [str(one) for one in (deep.next, deep.last)] == ["2026-01-11 04:51:12+00:00", "2026-01-04 04:50:00+00:00"]


RAN = {"ExecMainStartTimestamp": "Sun 2026-01-04 04:50:00 UTC", "Result": "success", "ExecMainStatus": "0"}


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, "none since the boot"),
        (RAN, "success"),
        ({**RAN, "ActiveState": "activating"}, "running"),
        ({**RAN, "Result": "signal", "ExecMainStatus": "9"}, "failed: signal, status 9"),
        (
            {**RAN, "AssertResult": "no", "AssertTimestamp": "Mon 2026-01-05 04:50:00 UTC"},
            "refused: the data volume was not mounted",
        ),
        ({**RAN, "AssertResult": "no", "AssertTimestamp": "Sat 2026-01-03 04:50:00 UTC"}, "success"),
        (
            {**RAN, "ConditionResult": "no", "ConditionTimestamp": "Mon 2026-01-05 02:00:00 UTC"},
            "not needed: no backup destination was set up",
        ),
        ({**RAN, "ConditionResult": "no", "ConditionTimestamp": "Sat 2026-01-03 02:00:00 UTC"}, "success"),
    ],
)
def test_how_a_run_ended_is_told_in_words(facts: dict[str, str], words: str) -> None:
    """A run that systemd refused to begin is told apart from one that failed."""
    assert result(facts) == words
