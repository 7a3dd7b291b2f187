"""The second copies, from the records of their runs; the destinations themselves are not asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from zagent import text
from zagent.doctor.check import Finding, broken, ok, warning
from zagent.errors import BackupOverdue, CopyDamaged
from zagent.protect import bad, engines, record
from zagent.protect.destinations import Destination
from zagent.protect.grade import Grade, grade
from zagent.protect.record import Record
from zagent.status.place import ADD
from zagent.status.row import Row, ago, seconds
from zagent.volume.layout import Layout


def backups(layout: Layout, known: Sequence[Destination], wanted: Mapping[str, str], now: datetime) -> list[Row]:
    """A row for each destination; ``wanted`` are the set digests here, by model."""
    if not known:
        return [Row("backup", warning("never: there is no second copy, what takes this disk takes the weights", ADD))]
    return [_row(one, record.read(layout, one.name), wanted, now) for one in known]


def _row(destination: Destination, known: Record, wanted: Mapping[str, str], now: datetime) -> Row:
    success, run, check = known.success, known.run, known.check
    facts = {
        "name": destination.name,
        "kind": destination.kind,
        "target": destination.target,
        "success_seconds_ago": seconds(success.at if success else None, now),
        "holds": success.sets if success else {},
        "is_what_is_here": success is not None and not known.lacking(wanted),
        "failed_seconds_ago": seconds(run.at, now) if run and run.error else None,
        "failure": known.failure,
        "checked_seconds_ago": seconds(check.at if check else None, now),
        "bad": check.bad if check else {},
    }
    return Row("backup", judge(destination, known, wanted, now), facts)


def judge(destination: Destination, known: Record, wanted: Mapping[str, str], now: datetime) -> Finding:
    """What a destination's record says of it; the gravest counts, and all of it is told. Pure."""
    name, again = destination.name, f"zagent backup now {destination.name}"
    line = f"{name}: {destination.target}: {_success(known, wanted, now)}; {_check(known, now)}"
    found = grade(known, wanted, now)
    if found == "good":
        return ok(line)
    if found == "damaged":
        mends = bad.mending(known.check.bad if known.check else {}, wanted.values(), name)
        return Finding("error", line, mends, CopyDamaged.exit_code)
    if found == "failed" and known.run:
        failed = f"; the last run, {ago(known.run.at, now)}, failed: {known.failure}"
        return Finding("error", line + failed, again, known.run.exit_code or 1)
    why = _overdue(found, known, wanted, now)
    overdue = broken(BackupOverdue(name=name, why=why))
    return Finding("error", f"{line}; overdue: {why}", overdue.remedy, overdue.exit_code)


def _success(known: Record, wanted: Mapping[str, str], now: datetime) -> str:
    if known.success is None:
        return "never backed up"
    what = "an older state" if known.lacking(wanted) else "what is here"
    return f"{what}, proved as it was copied, {ago(known.success.at, now)}"


def _check(known: Record, now: datetime) -> str:
    if known.check is None:
        return "never checked"
    part = f"part {known.check.part + 1} of {engines.PARTS}"
    return f"checked {ago(known.check.at, now)} ({part}), {_bad(known) or 'no bad file'}"


def _bad(known: Record) -> str:
    found = known.bad
    return f"{text.plural(len(found), 'bad file')}: {', '.join(found[:3])}" if found else ""


def _overdue(found: Grade, known: Record, wanted: Mapping[str, str], now: datetime) -> str:
    if found == "lacking":
        return f"it does not hold {', '.join(known.lacking(wanted))} as it is here"
    if known.success is None:
        return "there has been none"
    return f"the last good one was {ago(known.success.at, now)}, and a day is the rule"
