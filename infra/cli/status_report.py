"""The words of ``zagent cloud status``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from zagent import text
from zagent.cli.output import Output

from infra import tags
from infra.account.hosts import Host
from infra.account.policies import Policy, Schedule
from infra.account.snapshots import Snapshot
from infra.account.volumes import Volume
from infra.bootstrap.permission import parse
from infra.cli import inside_report
from infra.cli.status_facts import facts
from infra.operations.advice import age, lines
from infra.operations.cost import Cost, money
from infra.operations.status import Status, monthly

Row = tuple[str, str]
"""What it is, and what it says; one line of the screen."""


def show(output: Output, status: Status, now: datetime) -> None:
    """One screen, or one object."""
    output.result(text.printable("\n".join(screen(status, now))), **facts(status, now))


def screen(status: Status, now: datetime) -> list[str]:
    """The lines for people."""
    where = f"{status.settings.project}/{status.settings.stack} in {status.settings.access.region_name}"
    following = [f"next         {one}" for one in lines(status, now)]
    if status.nothing:
        return [f"stack        {where}: nothing is there", *following]
    rows = [("stack", where), *_hosts(status), *_volumes(status), *_snapshots(status, now), *_policy(status)]
    return [*(f"{name:<12} {said}" for name, said in rows), *_cost(monthly(status)), *following]


def _hosts(status: Status) -> Iterator[Row]:
    if not status.hosts:
        yield "host", "none"
    for one in status.hosts:
        why = f": {one.why}" if one.stopped and one.why else ""
        yield "host", f"{one.id}, {one.instance_type} in {one.zone}, {one.state}{why}"
        yield "address", _address(status, one)
        yield "login", status.login(one) or ("none" if one.state == "running" else "once it runs")
        yield "image", one.image
        if one.id in status.inside:
            yield from inside_report.rows(status.inside[one.id])


def _address(status: Status, host: Host) -> str:
    return host.address or "none" if status.settings.has_address else f"{host.id}, through AWS's Session Manager"


def _volumes(status: Status) -> Iterator[Row]:
    if not status.volumes:
        yield "volume", "none"
    for one in status.volumes:
        speed = f", {one.throughput} MiB/s" if one.throughput else ""
        yield "volume", f"{one.id}, {one.size} GiB {one.kind} in {one.zone}, {one.iops} IOPS{speed}"
        yield "attached", ", ".join(_holder(status, at) for at in one.attached_to) or "to nothing"
        yield "formatted", formatted(one)
        yield "encrypted", f"with {one.key}" if one.encrypted and one.key else "yes" if one.encrypted else "no"
        yield "made by", (one.owner or "nobody knows") + (" (you)" if one.owner == status.you else "")


def _holder(status: Status, instance: str) -> str:
    own = instance in [one.id for one in status.hosts]
    return f"to {instance}" + ("" if own else ", which is no host of this stack")


def formatted(volume: Volume) -> str:
    """What the volume's own tag says of its filesystem."""
    phase, uuid = parse(volume.tags.get(tags.FORMAT, ""))
    if phase == "done":
        return f"yes, as {uuid}"
    if phase == "formatting":
        return f"not yet: it was begun, as {uuid}, and not ended"
    return f"it came so from {volume.snapshot}" if volume.snapshot else "not yet"


def _snapshots(status: Status, now: datetime) -> Iterator[Row]:
    if not status.snapshots:
        yield "snapshots", "none"
    for kind, found in status.by_kind.items():
        yield "snapshots", f"{len(found)} {kind}, newest {_newest(found[0], now)}"
    if left := len(status.left_behind):
        yield "left behind", f"{left} of these, by an earlier policy or volume: zagent cloud snapshot prune"
    if status.root_snapshots:
        number = text.plural(len(status.root_snapshots), "snapshot")
        yield "system disk", f"{number}, newest {_newest(status.root_snapshots[0], now)}"


def _newest(one: Snapshot, now: datetime) -> str:
    return f"{one.id}, {age(one.started, now)} ago" + ("" if one.completed else f", {one.state}")


def _policy(status: Status) -> Iterator[Row]:
    schedules = "; ".join(map(schedule, status.plan.schedules)) if status.plan else ""
    yield "policy", ", ".join(filter(None, [_named(status.policy), schedules]))
    if status.settings.snapshot_root or status.root_policy:
        yield "system disk", f"policy {_named(status.root_policy)}"


def _named(policy: Policy | None) -> str:
    return f"{policy.id}, {policy.state}" if policy else "none"


def schedule(one: Schedule) -> str:
    """When it takes snapshots, and how many stay."""
    when = one.cron or f"every {one.hours} h" + (f" at {', '.join(one.times)} UTC" if one.times else "")
    return f"{when}, " + (f"keeps {one.keep}" if one.keep else "keeps them for a time")


def _cost(found: Cost) -> Iterator[str]:
    yield "monthly cost"
    for one in found.parts:
        yield f"  {money(one.amount, one.at_most):>16}  {one.name}" + (f" ({one.note})" if one.note else "")
    yield f"  {money(found.known, found.at_most):>16}  in all{found.beyond}; {found.basis}"
