"""The timers, as far as a systemd answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from zagent import text
from zagent.doctor.check import Finding, ok, warning
from zagent.errors import ScheduleRefused, SystemdRefused, ToolMissing
from zagent.protect.destinations import Destination
from zagent.schedule.install import FOLDER
from zagent.schedule.status import Timer
from zagent.schedule.status import status as ask
from zagent.status.row import Row

INSTALL = "sudo zagent schedule install"


def timers(known: Sequence[Destination], folder: Path = FOLDER) -> list[Row]:
    """A row for each timer, or one that says why no systemd answers."""
    try:
        found = ask(folder)
    except (ScheduleRefused, SystemdRefused, ToolMissing) as error:
        return [Row("timer", warning(error.message, error.advice))]
    return [Row("timer", judge(one, known), asdict(one)) for one in found]


def judge(timer: Timer, known: Sequence[Destination]) -> Finding:
    """What to think of a timer; one for backups is missed only where there is a destination. Pure."""
    if timer.state == "not installed":
        line = f"{timer.name}: not installed"
        return warning(line, INSTALL) if known or "backup" not in timer.name else ok(line)
    line = f"{timer.name}: {timer.state}; next {_shown(timer.next)}, last {_shown(timer.last)}: {timer.result}"
    if timer.result.startswith(("failed", "refused")):
        return warning(line, f"journalctl --unit {timer.name.removesuffix('.timer')}   tells why")
    return ok(line) if timer.state == "enabled" else warning(line, INSTALL)


def _shown(moment: datetime | None) -> str:
    return text.moment(moment) if moment else "never"
