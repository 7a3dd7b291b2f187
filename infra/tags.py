"""The tags by which the cloud remembers what is ours; each name stands here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import FilterTypeDef, TagTypeDef

PROJECT = "zagent:project"
STACK = "zagent:stack"

OWNER = "zagent:owner"
"""On a volume and its snapshots: the ARN of who made the volume, without the name of a session.

Set where a volume is made, and never where one is adopted: only what has it may be formatted. So no message ever tells
a person to set it."""

HOST_KEY = "zagent:host-key"
"""On an instance: the public host key that it must show."""

FORMAT = "zagent:format"
"""On a volume: the permission to format it; only the bootstrap sets it."""

SNAPSHOTS = "zagent:snapshots"
"""On a volume: the name of the one policy that takes its snapshots, which no two policies may share."""

KIND = "zagent:snapshot"
"""On a snapshot: daily, verified or final."""

SET_DIGEST = "zagent:set-digest"
"""On a verified snapshot: the digest of the set of files that were right when it was taken."""

REPLACES = "zagent:replaces"
"""On a volume made by a restore: the volume that it takes the place of."""

MADE_OF = "zagent:made-of"
"""On a volume made by a restore: "SNAPSHOT of VOLUME"; and on its snapshots, which have all tags of their volume."""

FORMER = "zagent:former-stack"
"""On a volume that was replaced: PROJECT/STACK that it was the data volume of."""


def values(listed: Sequence[TagTypeDef]) -> dict[str, str]:
    """The tags of a resource as EC2 lists them, by name."""
    return {one["Key"]: one["Value"] for one in listed}


def settable(values: Mapping[str, str]) -> dict[str, str]:
    """Those that people may set: names that begin with aws: are AWS's."""
    return {name: value for name, value in values.items() if not name.startswith("aws:")}


def listed(values: Mapping[str, str]) -> list[TagTypeDef]:
    """Tags as EC2 takes them."""
    return [{"Key": name, "Value": value} for name, value in values.items()]


def filters(values: Mapping[str, str]) -> list[FilterTypeDef]:
    """What EC2 must be asked for everything that carries all of these."""
    return [{"Name": f"tag:{name}", "Values": [value]} for name, value in values.items()]
