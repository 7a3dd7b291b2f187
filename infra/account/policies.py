"""Policies of Amazon Data Lifecycle Manager, which take snapshots."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from infra.account.access import Access, answered

if TYPE_CHECKING:
    from types_boto3_dlm.type_defs import LifecyclePolicyTypeDef, ScheduleOutputTypeDef

ENABLED, ERROR = "ENABLED", "ERROR"
"""States: it works; it can't."""

MADE_BY = "aws:dlm:lifecycle-policy-id"
"""AWS's own tag on a snapshot: the policy that took it (EBS user guide, Amazon Data Lifecycle Manager)."""


@dataclass(frozen=True)
class Policy:
    """A policy; ``state`` is ENABLED, DISABLED or ERROR."""

    id: str
    state: str
    description: str


@dataclass(frozen=True)
class Schedule:
    """When snapshots are taken: every so many hours, at these times (hh:mm, UTC), or as a cron expression says.

    ``keep`` is how many stay; 0 where they go by age.
    """

    hours: int
    times: tuple[str, ...]
    cron: str
    keep: int


@dataclass(frozen=True)
class Plan:
    """What a policy does, since when it is there, and what AWS says of its state."""

    schedules: tuple[Schedule, ...]
    since: datetime
    message: str


def with_target(access: Access, tag: str, value: str) -> list[Policy]:
    """The policies whose target is what carries this tag, by id."""
    with answered():
        told = access.dlm.get_lifecycle_policies(TargetTags=[f"{tag}={value}"])["Policies"]
    found = [Policy(one["PolicyId"], one["State"], one["Description"]) for one in told]
    return sorted(found, key=lambda one: one.id)


def plan(access: Access, policy_id: str) -> Plan | None:
    """What a policy does; None when there is none of that id any more."""
    found: list[LifecyclePolicyTypeDef] = []
    with answered("ResourceNotFoundException"):
        found.append(access.dlm.get_lifecycle_policy(PolicyId=policy_id)["Policy"])
    return next(map(_plan, found), None)


def _plan(told: LifecyclePolicyTypeDef) -> Plan:
    schedules = told["PolicyDetails"].get("Schedules", [])
    return Plan(tuple(map(_schedule, schedules)), told["DateCreated"], told.get("StatusMessage", ""))


def _schedule(told: ScheduleOutputTypeDef) -> Schedule:
    rule = told.get("CreateRule", {})
    return Schedule(
        hours=rule.get("Interval", 0),
        times=tuple(rule.get("Times", [])),
        cron=rule.get("CronExpression", ""),
        keep=told.get("RetainRule", {}).get("Count", 0),
    )
