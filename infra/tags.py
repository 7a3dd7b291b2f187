"""The tags by which the cloud remembers what is ours; each name stands here and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import TagTypeDef

PROJECT = "zagent:project"
STACK = "zagent:stack"

HOST_KEY = "zagent:host-key"
"""On an instance: the public host key that it must show."""

FORMAT = "zagent:format"
"""On a volume: the permission to format it; only the bootstrap sets it."""


def values(listed: Sequence[TagTypeDef]) -> dict[str, str]:
    """The tags of a resource as EC2 lists them, by name."""
    return {one["Key"]: one["Value"] for one in listed}
