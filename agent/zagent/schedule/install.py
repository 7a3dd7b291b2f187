"""Putting the units into systemd: look, decide, act; the second time there is nothing to do.

The bootstrap calls ``install`` with the host's own Python, before the agent's packages need to be there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from zagent import durable
from zagent.errors import ScheduleRefused, SettingsDamaged
from zagent.protect import destinations
from zagent.schedule import units
from zagent.schedule.systemctl import Run, show, systemctl
from zagent.volume.layout import Layout

FOLDER = Path("/etc/systemd/system")
"""Where the administrator's units lie (systemd.unit(5))."""


@dataclass(frozen=True)
class Facts:
    """What is there: the text of each unit's file, and the names of those that are enabled, active and out of date."""

    texts: Mapping[str, str]
    enabled: frozenset[str] = frozenset()
    active: frozenset[str] = frozenset()
    stale: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Write:
    """Put a unit's file in its place."""

    path: Path
    text: str

    def __str__(self) -> str:
        return f"write {self.path}"

    def take(self, run: Run) -> None:
        """Replace it whole."""
        durable.write(self.path, self.text.encode())


@dataclass(frozen=True)
class Command:
    """Tell systemd something; ``meaning`` is for people."""

    meaning: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return self.meaning

    def take(self, run: Run) -> None:
        """Run systemctl."""
        run(self.words)


RELOAD = Command("let systemd read its units again", ("daemon-reload",))
"""Only ever after a change: it can take the GPU from running containers (NVIDIA/nvidia-container-toolkit, issue 48)."""


def install(folder: Path, root: Path, run: Run = systemctl, *, dry_run: bool = False) -> list[str]:
    """Make the units in ``folder`` those of the data root ``root`` and see that their timers run.

    Returns what was done in order, a line each: nothing when all was as it should be. With ``dry_run`` it returns
    what would be done. Whatever it dies of, the next call goes on from there.

    Raises:
        ScheduleRefused: a file of that name is someone else's, and nothing was changed; or no systemd runs here.
        UsageError: a unit can't name ``root`` or the folder of a backup destination.
        SystemdRefused, ToolMissing: systemd does not answer.
        OSError: a file can't be written.
    """
    wanted = units.wanted(root, copies(root))
    steps = plan(folder, wanted, look(folder, run))
    for step in steps if not dry_run else ():
        step.take(run)
    return [str(step) for step in steps]


def copies(root: Path) -> list[Path]:
    """The folders that the backups of a data root write; a list that can't be read names none, as they will tell."""
    try:
        return [one.folder for one in destinations.known(Layout(root)) if one.folder]
    except SettingsDamaged:
        return []


def look(folder: Path, run: Run) -> Facts:
    """Gather the facts; nothing is changed."""
    known = show(run, (*units.SERVICES, *units.TIMERS), "ActiveState", "NeedDaemonReload")
    return Facts(
        texts=texts(folder),
        enabled=frozenset(name for name in units.TIMERS if is_enabled(folder, name)),
        active=frozenset(name for name, one in known.items() if one.get("ActiveState") == "active"),
        stale=frozenset(name for name, one in known.items() if one.get("NeedDaemonReload") == "yes"),
    )


def texts(folder: Path) -> dict[str, str]:
    """The text of each of our units that has a file; a link (as of a masked unit) has that of no unit of ours."""
    paths = [folder / name for name in units.UNITS]
    there = [one for one in paths if one.is_symlink() or one.exists()]
    return {one.name: "" if one.is_symlink() else one.read_text("utf-8", "replace") for one in there}


def is_enabled(folder: Path, timer: str) -> bool:
    """Whether ``timer`` is started at every boot: all that ``systemctl enable`` makes is this link."""
    return (folder / "timers.target.wants" / timer).is_symlink()


def plan(folder: Path, wanted: Mapping[str, str], facts: Facts) -> list[Write | Command]:
    """What to do, in order. Pure.

    Raises:
        ScheduleRefused: a file of that name is someone else's.
    """
    for name, text in facts.texts.items():
        if not units.is_ours(text):
            path = folder / name
            hint = f"ls -l {quote(str(path))}   tells what it is; move it away, or systemctl unmask {name}; then again"
            raise ScheduleRefused(why=f"{path} is not zagent's", hint=hint)
    changed = [Write(folder / name, text) for name, text in wanted.items() if facts.texts.get(name) != text]
    idle = [name for name in units.TIMERS if name not in facts.enabled & facts.active]
    reload = [RELOAD] if changed or facts.stale else []
    return [*changed, *reload, *([_enable(idle)] if idle else [])]


def _enable(timers: list[str]) -> Command:
    """Without a reload of its own: that is asked for above, where it is needed."""
    return Command(f"enable and start {' and '.join(timers)}", ("enable", "--now", "--no-reload", *timers))
