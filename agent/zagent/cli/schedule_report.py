"""The words of ``zagent schedule``."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from zagent import text
from zagent.cli.output import Output
from zagent.errors import RootNeeded, ScheduleRefused, ZagentError
from zagent.schedule import host
from zagent.schedule.install import FOLDER, texts
from zagent.schedule.install import install as install_units
from zagent.schedule.remove import remove as remove_units
from zagent.schedule.status import Timer
from zagent.schedule.status import status as timers


def install(output: Output, root: Path, *, dry_run: bool) -> None:
    """Install and say what was done, or would be.

    Raises:
        RootNeeded, ScheduleRefused, SystemdRefused, ToolMissing: it can't be done here.
    """
    if not dry_run:
        _require_root("install timers", "zagent schedule install")
    host.require(root)
    done = install_units(FOLDER, root, dry_run=dry_run)
    end = "nothing was changed" if dry_run else "the timers are installed"
    _steps(output, done, end if done else "the timers are installed already; nothing to do")


def remove(output: Output) -> None:
    """Remove and say what was done.

    Raises:
        RootNeeded, SystemdRefused, ToolMissing: it can't be done here.
    """
    _require_root("remove timers", "zagent schedule remove")
    done = remove_units(FOLDER)
    _steps(output, done, "the timers are removed" if done else "no timers of zagent's are installed; nothing to do")


def follow(output: Output, root: Path) -> None:
    """Let the timers' services, where they are installed for this data root, write to the destinations of now."""
    if not texts(FOLDER):
        return
    try:
        host.require(root)
        if install_units(FOLDER, root, dry_run=os.geteuid() != 0):
            output.say(FOLLOWED if os.geteuid() == 0 else TO_FOLLOW)
    except ScheduleRefused:
        return  # they are another data root's, or a person's own
    except ZagentError as error:
        output.say(f"{TO_FOLLOW}: {error.message}")


FOLLOWED = "the timers' services may write to the destinations that are set up now, and to no others"
TO_FOLLOW = "sudo zagent schedule install   lets the timers' services write to the destinations that are set up now"


def _require_root(what: str, command: str) -> None:
    if os.geteuid() != 0:
        raise RootNeeded(what=what, command=command)


def _steps(output: Output, done: list[str], end: str) -> None:
    for line in done if not output.json else ():
        output.result(line)
    output.result(end, event="done", steps=done)


def status(output: Output) -> None:
    """A line for each timer.

    Raises:
        SystemdRefused, ToolMissing: systemd does not answer.
    """
    for one in timers(FOLDER):
        output.result(_line(one), event="timer", **asdict(one))


def _line(one: Timer) -> str:
    if one.state == "not installed":
        return f"{one.name:<26} not installed"
    return f"{one.name:<26} {one.state}; next {_shown(one.next)}, last {_shown(one.last)}: {one.result}"


def _shown(moment: datetime | None) -> str:
    return text.moment(moment) if moment else "never"
