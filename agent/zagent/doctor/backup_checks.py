"""Is there a second copy of what is here now, made lately, and good when it was last read?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from zagent import text
from zagent.doctor.check import Check, Finding, ok, warning
from zagent.errors import NothingToProtect
from zagent.protect import contents, destinations, record
from zagent.protect.destinations import Destination
from zagent.protect.record import Record, Run
from zagent.settings import Settings
from zagent.volume import guard
from zagent.weights.store import Store

BACKUP_LASTS = timedelta(hours=36)
"""The nightly timer's day, and half a one for a night on which it came late."""

ADD = "zagent backup add NAME /path/on/another/disk   then: zagent backup"


def _backup(settings: Settings) -> Finding:
    """Warnings only: pictures can be made without a copy. The gravest of all destinations' is told first."""
    marker = guard.identify(settings.data_root)
    known = destinations.known(settings.layout)
    if not known:
        return warning("there is no second copy: what takes this disk takes the weights", ADD)
    wanted = _sets(settings, marker.data_id)
    found = [judge(one, record.read(settings.layout, one.name), wanted, record.now()) for one in known]
    bad = [one for one in found if one.severity != "ok"]
    return Finding("warning" if bad else "ok", "; ".join(one.message for one in bad or found), _remedy(bad))


def _remedy(bad: list[Finding]) -> str:
    return bad[0].remedy if bad else ""


def _sets(settings: Settings, data_id: str) -> Mapping[str, str]:
    try:
        return contents.of(Store(settings), data_id).sets
    except NothingToProtect:
        return {}


def judge(destination: Destination, known: Record, wanted: Mapping[str, str], now: datetime) -> Finding:
    """What the record of a destination's runs says of it at ``now``; ``wanted`` are the set digests here. Pure."""
    name, again = destination.name, f"zagent backup now {destination.name}"
    if known.check and known.check.bad:
        count = sum(len(paths) for paths in known.check.bad.values())
        return warning(f"{name} holds {text.plural(count, 'bad file')}, as its last check found", again)
    if known.run and known.run.error:
        return warning(f"{name}: the last backup, {_at(known.run)}, failed: {known.run.error}", f"{again}   tells more")
    if known.success is None:
        return warning(f"{name} holds nothing yet", again)
    if lacking := known.lacking(wanted):
        return warning(f"{name} does not hold {', '.join(lacking)} as it is here", again)
    return _aged(name, known.success, now)


def _aged(name: str, success: Run, now: datetime) -> Finding:
    """A date that lies ahead is as little worth as an old one: some clock was wrong."""
    line = f"{name} holds all of it, {_at(success)}"
    if abs(now - success.at) <= BACKUP_LASTS:
        return ok(line)
    return warning(f"{line}; never since", "zagent backup; then zagent schedule status   tells why no timer did it")


def _at(run: Run) -> str:
    return f"{run.at.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC"


CHECKS = [Check("backup", _backup)]
