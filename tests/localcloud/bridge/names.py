"""Property names by pulumi-aws's rule: camel case, and the plural for what there may be several of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DIFFERENT: Final[Mapping[str, str]] = {"aws_ec2_instance_type.gpus": "gpuses"}
"""Names that pulumi-aws sets by hand: ``aws_type.path.of.attribute`` -> property."""

SINGLE: Final = frozenset(
    f"aws_dlm_lifecycle_policy.policy_details.{path}" for path in ("resource_locations", "schedule.create_rule.times")
)
"""Lists that hold one element at most: Pulumi shows the element. The provider's schema tells this of blocks only."""

DOCUMENTS: Final = frozenset({"aws_iam_role.assume_role_policy", "aws_iam_role_policy.policy"})
"""JSON texts that pulumi-aws also takes as objects."""


def camel(name: str) -> str:
    """``vpc_security_group_ids`` -> ``vpcSecurityGroupIds``."""
    first, *others = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in others)


def plural(name: str) -> str:
    """The plural of a name in the singular; one that ends in s is taken for a plural."""
    if name.endswith("s"):
        return name
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return name[:-1] + "ies"
    return name + ("es" if name.endswith(("x", "z", "ch", "sh")) else "s")


def property_name(path: str, many: bool) -> str:
    """The property of the attribute or block at ``path`` (dotted, from the Terraform type on)."""
    name = path.rpartition(".")[2]
    return DIFFERENT.get(path) or camel(plural(name) if many else name)
