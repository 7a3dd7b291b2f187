"""What ``zagent cloud status`` shows, for programs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from infra import tags
from infra.account.hosts import Host
from infra.account.policies import MADE_BY
from infra.account.snapshots import Snapshot
from infra.account.volumes import Volume
from infra.bootstrap.permission import parse
from infra.cli import inside_report
from infra.operations.advice import lines
from infra.operations.cost import Cost
from infra.operations.status import Status, monthly


def facts(status: Status, now: datetime) -> dict[str, Any]:
    """Sizes in GiB, throughput in MiB/s, times in ISO 8601 and UTC, money in USD."""
    return {
        "project": status.settings.project,
        "stack": status.settings.stack,
        "region": status.settings.access.region_name,
        "time": iso(now),
        "you": status.you,
        "hosts": [_host_facts(status, one) for one in status.hosts],
        "volumes": [_volume_facts(one) for one in status.volumes],
        "snapshots": {kind: _kind_facts(found) for kind, found in status.by_kind.items()},
        "left_behind": [one.id for one in status.left_behind],
        "root_snapshots": [_snapshot_facts(one) for one in status.root_snapshots],
        "policy": _policy_facts(status),
        "root_policy": vars(status.root_policy) if status.root_policy else None,
        "monthly_cost": _cost_facts(monthly(status)),
        "next": lines(status, now),
    }


def iso(when: datetime) -> str:
    """A time in ISO 8601 and UTC, to the second."""
    return when.astimezone(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")


def _host_facts(status: Status, host: Host) -> dict[str, Any]:
    root = status.roots.get(host.id)
    return {
        "id": host.id,
        "type": host.instance_type,
        "state": host.state,
        "why": host.why,
        "zone": host.zone,
        "address": host.address,
        "session_manager": not status.settings.has_address,
        "login": status.login(host),
        "image": host.image,
        "root": _disk_facts(root) if root else None,
        "inside": inside_report.facts(status.inside.get(host.id)),
    }


def _disk_facts(one: Volume) -> dict[str, Any]:
    return {
        "id": one.id,
        "zone": one.zone,
        "size_gib": one.size,
        "type": one.kind,
        "iops": one.iops,
        "throughput": one.throughput,
        "encrypted": one.encrypted,
        "key": one.key,
    }


def _volume_facts(one: Volume) -> dict[str, Any]:
    phase, uuid = parse(one.tags.get(tags.FORMAT, ""))
    made = {"owner": one.owner, "stack": one.stack, "snapshot": one.snapshot}
    return {**_disk_facts(one), "attached_to": one.attached_to, **made, "format": phase, "filesystem": uuid}


def _kind_facts(found: Sequence[Snapshot]) -> dict[str, Any]:
    return {"number": len(found), "newest": _snapshot_facts(found[0])}


def _snapshot_facts(one: Snapshot) -> dict[str, Any]:
    return {
        "id": one.id,
        "volume": one.volume,
        "size_gib": one.size,
        "started": iso(one.started),
        "state": one.state,
        "policy": one.tags.get(MADE_BY, ""),
    }


def _policy_facts(status: Status) -> dict[str, Any] | None:
    if status.policy is None:
        return None
    plan = status.plan
    more = {"message": plan.message, "since": iso(plan.since)} if plan else {}
    return {**vars(status.policy), **more, "schedules": [vars(one) for one in plan.schedules] if plan else []}


def _cost_facts(found: Cost) -> dict[str, Any]:
    return {
        "usd": found.known,
        "complete": found.complete,
        "at_most": found.at_most,
        "parts": [{"name": one.name, "usd": one.amount, "at_most": one.at_most} for one in found.parts],
        "basis": found.basis,
    }
