"""When each timer runs next, when it ran, and how that ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from zagent.schedule import install, units
from zagent.schedule.systemctl import Run, show, systemctl

_TIMER = ("LoadState", "ActiveState", "NextElapseUSecRealtime", "LastTriggerUSec")
_RUN = ("ActiveState", "Result", "ExecMainStatus", "ExecMainStartTimestamp")
_NOT_RUN = ("AssertResult", "AssertTimestamp", "ConditionResult", "ConditionTimestamp")


@dataclass(frozen=True)
class Timer:
    """One timer; times are in UTC and None where there is none. ``result`` is that of the last run since the boot."""

    name: str
    state: str
    next: datetime | None
    last: datetime | None
    result: str


def status(folder: Path, run: Run = systemctl) -> list[Timer]:
    """Every timer of ours, installed or not.

    Raises:
        ScheduleRefused, SystemdRefused, ToolMissing: systemd does not answer, or none runs here.
    """
    known = show(run, (*units.SERVICES, *units.TIMERS), *dict.fromkeys((*_TIMER, *_RUN, *_NOT_RUN)))
    enabled = {name for name in units.TIMERS if install.is_enabled(folder, name)}
    return [_timer(job, known, f"{job}.timer" in enabled) for job in units.JOBS]


def _timer(job: str, known: Mapping[str, Mapping[str, str]], enabled: bool) -> Timer:
    timer, service = known.get(f"{job}.timer", {}), known.get(f"{job}.service", {})
    moments = [moment(timer.get(name, "")) for name in ("NextElapseUSecRealtime", "LastTriggerUSec")]
    return Timer(f"{job}.timer", _state(timer, enabled), moments[0], moments[1], result(service))


def _state(timer: Mapping[str, str], enabled: bool) -> str:
    if timer.get("LoadState", "not-found") == "not-found":
        return "not installed"
    words = ["enabled" if enabled else "disabled", "" if timer.get("ActiveState") == "active" else "not started"]
    return ", ".join(filter(None, words))


def moment(shown: str) -> datetime | None:
    """A time as systemctl shows it in UTC, ``Sun 2026-01-04 04:45:12 UTC``; None for any other words. Pure."""
    try:
        found = datetime.strptime(" ".join(shown.split()[1:]), "%Y-%m-%d %H:%M:%S UTC")
    except ValueError:
        return None
    return found.replace(tzinfo=timezone.utc)


def result(service: Mapping[str, str]) -> str:
    """How a service's last run ended, in words. Pure."""
    if service.get("ActiveState") in ("activating", "active"):
        return "running"
    ran = moment(service.get("ExecMainStartTimestamp", ""))
    if _since(ran, "Assert", service):
        return "refused: the data volume was not mounted"
    if _since(ran, "Condition", service):
        return "not needed: no backup destination was set up"
    if ran is None:
        return "none since the boot"
    if service.get("Result") == "success":
        return "success"
    return f"failed: {service.get('Result')}, status {service.get('ExecMainStatus')}"


def _since(ran: datetime | None, what: str, service: Mapping[str, str]) -> bool:
    """Whether an Assert or a Condition kept the service from running after the time when it last ran."""
    at = moment(service.get(f"{what}Timestamp", ""))
    return service.get(f"{what}Result") == "no" and at is not None and (ran is None or at > ran)
