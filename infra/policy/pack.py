"""The rules as the engine runs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_policy import Policy, ReportViolation, ResourceValidationArgs, ResourceValidationPolicy
from pulumi_policy.proxy import UnknownValueError

from infra.policy.resources import UNKNOWN, Resource
from infra.policy.rules import RULES, Rule

NAME = "zagent"


def policies() -> list[Policy]:
    """One policy for each rule."""
    return [_policy(rule) for rule in RULES]


def _policy(rule: Rule) -> ResourceValidationPolicy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        for violation in rule.check(Resource(args.resource_type, args.name, plain(args.props))):
            report(violation, None)

    return ResourceValidationPolicy(rule.name, rule.description, validate)


def plain(value: Any) -> Any:
    """The library's view of inputs, which raises at values that are not known yet, with ``UNKNOWN`` in their place."""
    if isinstance(value, Mapping):
        return {key: _item(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_item(value, index) for index in range(len(value))]
    return value


def _item(container: Any, key: Any) -> Any:
    try:
        return plain(container[key])
    except UnknownValueError:
        return UNKNOWN
