"""The filters of GetLifecyclePolicies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.localcloud.cloud.dlm.models import Policy


def passes(policy: Policy, request: Mapping[str, Any]) -> bool:
    """Whether a policy has the state and, of each other filter that the request has, one of its values."""
    details = policy.policy_details
    return (
        request.get("State", policy.state) == policy.state
        and _any(request.get("ResourceTypes"), details.get("ResourceTypes", []))
        and _any(request.get("TargetTags"), _written(details.get("TargetTags", [])))
        and _any(request.get("TagsToAdd"), _written(_tags_to_add(details)))
        and "DefaultPolicyType" not in request  # there are no default policies here
    )


def _any(wanted: Iterable[str] | None, present: Iterable[str]) -> bool:
    return not wanted or bool(set(wanted) & set(present))


def _written(tags: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """Tags as the filters write them."""
    return (f"{one['Key']}={one['Value']}" for one in tags)


def _tags_to_add(details: Mapping[str, Any]) -> list[Mapping[str, str]]:
    return [tag for one in details.get("Schedules", []) for tag in one.get("TagsToAdd", [])]
