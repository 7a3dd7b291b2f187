"""What AWS asks of a policy beyond its form, and what it fills in (DLM API reference, if nothing else is named)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.localcloud.cloud.dlm.errors import ExclusiveParameters, InvalidRequest, MissingParameters

Details = Mapping[str, Any]
"""A policy's PolicyDetails, or a part of it, as the API names its members."""

HOURS = (1, 2, 3, 4, 6, 8, 12, 24)
"""The intervals at which a policy can make snapshots."""

NEEDED = {
    "EBS_SNAPSHOT_MANAGEMENT": ("ResourceTypes", "TargetTags", "Schedules"),
    "IMAGE_MANAGEMENT": ("ResourceTypes", "TargetTags", "Schedules"),
    "EVENT_BASED_POLICY": ("EventSource", "Actions"),
}
"""What a policy needs, by its type."""


def completed(details: Details) -> dict[str, Any]:
    """The details as AWS keeps them, which are whole.

    Raises:
        InvalidRequest: they break a rule.
    """
    if details.get("PolicyLanguage") == "SIMPLIFIED":
        raise InvalidRequest("The local cloud has no default policies: set PolicyLanguage to STANDARD.")
    kind = details.get("PolicyType", "EBS_SNAPSHOT_MANAGEMENT")
    _need(details, *NEEDED[kind])
    whole = {"PolicyType": kind, "ResourceLocations": ["CLOUD"], "PolicyLanguage": "STANDARD", **details}
    if "Schedules" in details:
        whole["Schedules"] = [_schedule(one) for one in details["Schedules"]]
    return whole


def _schedule(given: Details) -> dict[str, Any]:
    _need(given, "Name", "CreateRule", "RetainRule")
    _check_retain_rule(given["RetainRule"])
    return {"CopyTags": False, **given, "CreateRule": _create_rule(given["CreateRule"])}


def _create_rule(given: Details) -> dict[str, Any]:
    whole = {"Location": "CLOUD", **given}
    if "CronExpression" in given:
        if "Interval" in given or "Times" in given:
            raise ExclusiveParameters("CronExpression", "Interval", "Times")
        return whole
    _need(given, "Interval", "IntervalUnit")
    if given["Interval"] not in HOURS:
        raise InvalidRequest(f"Interval: {given['Interval']} is not one of {', '.join(map(str, HOURS))}")
    return {"Times": ["09:00"], **whole}  # AWS selects a time of its own


def _check_retain_rule(given: Details) -> None:
    if "Count" not in given:
        _need(given, "Interval", "IntervalUnit")
    elif "IntervalUnit" in given:
        raise ExclusiveParameters("Count", "Interval")


def _need(given: Details, *names: str) -> None:
    if missing := [one for one in names if not given.get(one)]:
        raise MissingParameters(missing)


def check_update(old: Details, new: Details) -> None:
    """Refuse what can't change.

    Raises:
        InvalidRequest: it is of another type, or of other resources.
    """
    for name in ("PolicyType", "ResourceTypes"):
        if old.get(name) != new.get(name):
            raise InvalidRequest(f"{name} can't be updated: delete the policy and create another.")


def check_targets(details: Details, others: list[Details]) -> None:
    """Refuse a target tag that another policy for the same kind of resources has (the AWS provider's documentation).

    Raises:
        InvalidRequest: there is such a policy.
    """
    for other in others:
        if other.get("ResourceTypes") == details.get("ResourceTypes"):
            for tag in details.get("TargetTags", []):
                if tag in other.get("TargetTags", []):
                    raise InvalidRequest(f"TargetTags: another policy has {tag['Key']}={tag['Value']}.")
