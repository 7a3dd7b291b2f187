"""Is there a second copy of what is here now, made lately, and good when it was last read?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from zagent import text
from zagent.doctor.check import Check, Finding, ok, warning
from zagent.protect import bad, contents, destinations, record
from zagent.protect.destinations import Destination
from zagent.protect.grade import Grade, grade
from zagent.protect.record import Record, Run
from zagent.settings import Settings
from zagent.volume import guard
from zagent.weights.store import Store

ADD = "zagent backup add NAME /path/on/another/disk   then: zagent backup"


def _backup(settings: Settings) -> Finding:
    """Warnings only: pictures can be made without a copy. The gravest of all destinations' is told first."""
    marker = guard.identify(settings.data_root)
    known = destinations.known(settings.layout)
    if not known:
        return warning("there is no second copy: what takes this disk takes the weights", ADD)
    wanted = contents.sets(Store(settings), marker.data_id)
    found = [judge(one, record.read(settings.layout, one.name), wanted, record.now()) for one in known]
    wrong = [one for one in found if one.severity != "ok"]
    return Finding("warning" if wrong else "ok", "; ".join(one.message for one in wrong or found), _remedy(wrong))


def _remedy(wrong: list[Finding]) -> str:
    return wrong[0].remedy if wrong else ""


def judge(destination: Destination, known: Record, wanted: Mapping[str, str], now: datetime) -> Finding:
    """What the record of a destination's runs says of it at ``now``; ``wanted`` are the set digests here. Pure."""
    found, again = grade(known, wanted, now), f"zagent backup now {destination.name}"
    remedies: dict[Grade, str] = {
        "damaged": bad.mending(known.check.bad if known.check else {}, wanted.values(), destination.name),
        "failed": f"{again}   tells more",
        "old": "zagent backup; then zagent schedule status   tells why no timer did it",
    }
    line = _line(destination.name, found, known, wanted)
    return ok(line) if found == "good" else warning(line, remedies.get(found, again))


def _line(name: str, found: Grade, known: Record, wanted: Mapping[str, str]) -> str:
    lines: dict[Grade, str] = {
        "damaged": f"{name} holds {text.plural(len(known.bad), 'bad file')}, as its last check found",
        "failed": f"{name}: the last backup, {_at(known.run)}, failed: {known.failure}",
        "never": f"{name} holds nothing yet",
        "lacking": f"{name} does not hold {', '.join(known.lacking(wanted))} as it is here",
        "old": f"{name} holds all of it, {_at(known.success)}; never since",
        "good": f"{name} holds all of it, {_at(known.success)}",
    }
    return lines[found]


def _at(run: Run | None) -> str:
    return text.moment(run.at) if run else "never"


CHECKS = [Check("backup", _backup)]
