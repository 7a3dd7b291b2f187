"""The words of ``zagent cloud snapshot ls`` and ``prune``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

from zagent import text
from zagent.cli.output import Output

from infra import tags
from infra.account.policies import MADE_BY
from infra.account.snapshots import VERIFIED, Snapshot
from infra.cli.status_facts import iso
from infra.operations.advice import age
from infra.operations.prune import Outcome, Plan
from infra.operations.snapshots import ROOT, Listed

HEAD = ("SNAPSHOT", "TAKEN (UTC)", "AGE", "KIND", "STATE", "SIZE", "OF VOLUME", "")

DIGITS = 12
"""Of a digest: enough to tell two apart."""


def listed(output: Output, found: Sequence[Listed], now: datetime) -> None:
    """A table, or an object for each; a sentence where there is none."""
    if output.json:
        for one in found:
            output.result("", **_facts(one))
        return
    if not found:
        output.result("no snapshot carries this stack's tags")
        return
    for line in table([HEAD, *(_row(one, now) for one in found)]):
        output.result(text.printable(line))


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows, each column as wide as its widest cell. Pure."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _row(one: Listed, now: datetime) -> tuple[str, ...]:
    found = one.snapshot
    notes = ", ".join([*(["left behind"] if one.left_behind else []), *one.notes])
    taken = (found.id, _minute(found.started), age(found.started, now), _kind(one))
    return (*taken, _state(found), f"{found.size} GiB", found.volume, notes)


def _minute(when: datetime) -> str:
    return f"{when.astimezone(timezone.utc):%Y-%m-%d %H:%M}"


def _kind(one: Listed) -> str:
    digest = one.snapshot.tags.get(tags.SET_DIGEST, "").removeprefix("sha256:")
    return f"{one.kind} {digest[:DIGITS]}" if one.kind == VERIFIED else one.kind


def _state(found: Snapshot) -> str:
    return f"{found.state} {found.progress}".strip() if found.state == "pending" else found.state


def _facts(one: Listed) -> dict[str, object]:
    found = one.snapshot
    return {
        "id": found.id,
        "started": iso(found.started),
        "kind": one.kind,
        "set_digest": found.tags.get(tags.SET_DIGEST, ""),
        "state": found.state,
        "progress": found.progress,
        "size_gib": found.size,
        "volume": found.volume,
        "owner": found.owner,
        "policy": found.tags.get(MADE_BY, ""),
        "left_behind": one.left_behind,
        "notes": one.notes,
    }


def counted(number: int) -> str:
    """1 snapshot, 2 snapshots."""
    return text.plural(number, "snapshot")


def planned(output: Output, plan: Plan, now: datetime, *, dry_run: bool) -> None:
    """What would be deleted; with ``dry_run`` this is the answer itself."""
    stays = f"{counted(len(plan.kept))} of this stack {'stays' if len(plan.kept) == 1 else 'stay'}"
    if not plan.doomed:
        output.say(f"nothing is beyond the count; {stays}")
        return
    rows = [_doomed(one, now, ROOT if one in plan.there.roots else one.kind) for one in plan.doomed]
    for one, line in zip(plan.doomed, table(rows), strict=True):
        if dry_run:
            output.result(text.printable(line), snapshot=one.id, deleted=False, why="dry run")
        else:
            output.say(line)
    output.say(f"{stays}; these {'would go' if dry_run else 'go'}")


def _doomed(one: Snapshot, now: datetime, kind: str) -> tuple[str, ...]:
    return one.id, _minute(one.started), age(one.started, now), kind, one.volume


def outcome(output: Output, one: Outcome) -> None:
    """A line, or an object, for each."""
    line = f"{one.snapshot.id} stays: {one.why}" if one.why else f"{one.snapshot.id} is deleted"
    output.result(text.printable(line), snapshot=one.snapshot.id, deleted=not one.why, why=one.why)
