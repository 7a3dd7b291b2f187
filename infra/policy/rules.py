"""All rules: each is a function from a resource to what is wrong with it, in sentences that say what mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from infra.policy import disks, ingress, instances, keys
from infra.policy.resources import Resource


@dataclass(frozen=True)
class Rule:
    """``name`` is what people say to switch it off; ``description`` is a sentence without its full stop."""

    name: str
    description: str
    check: Callable[[Resource], Iterator[str]]


RULES = (
    Rule("disks-encrypted", "Volumes and the disks of instances are encrypted", disks.encrypted),
    Rule("disks-gp3-or-io2", "Volumes and the disks of instances are gp3 or io2", disks.of_a_good_type),
    Rule("volumes-tagged", "Data volumes carry the tags of their project and stack", disks.tagged),
    Rule("imdsv2-required", "The metadata of instances needs a session (IMDSv2)", instances.metadata_needs_a_session),
    Rule("volumes-apart", "Instances have no data volumes of their own", instances.volumes_stand_apart),
    Rule("ssh-not-public", "SSH is not open to the world", ingress.ssh_not_open_to_the_world),
    Rule("no-kms-key", "The stack makes no KMS key", keys.not_made),
)


def violations(resource: Resource) -> list[str]:
    """What is wrong with a resource by all rules."""
    return [one for rule in RULES for one in rule.check(resource)]
