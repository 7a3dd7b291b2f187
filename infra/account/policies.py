"""Policies of Amazon Data Lifecycle Manager, which take snapshots."""

from __future__ import annotations

from dataclasses import dataclass

from infra.account.access import Access, answered


@dataclass(frozen=True)
class Policy:
    """A policy; ``state`` is ENABLED, DISABLED or ERROR."""

    id: str
    state: str
    description: str


def with_target(access: Access, tag: str, value: str) -> list[Policy]:
    """The policies whose target is what carries this tag, by id."""
    with answered():
        told = access.dlm.get_lifecycle_policies(TargetTags=[f"{tag}={value}"])["Policies"]
    found = [Policy(one["PolicyId"], one["State"], one["Description"]) for one in told]
    return sorted(found, key=lambda one: one.id)
