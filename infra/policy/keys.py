"""Keys: the stack uses one that is there, or AWS's own."""

from __future__ import annotations

from collections.abc import Iterator

from infra.policy.resources import Resource

KEYS = (
    "aws:kms/externalKey:ExternalKey",
    "aws:kms/key:Key",
    "aws:kms/replicaExternalKey:ReplicaExternalKey",
    "aws:kms/replicaKey:ReplicaKey",
)


def not_made(resource: Resource) -> Iterator[str]:
    """No KMS key comes and goes with the stack."""
    if resource.type in KEYS:
        yield (
            f"{resource}: a key that the stack makes is destroyed with it, and the volume that stays can't be read "
            "without it. Make the key elsewhere, and name it with `pulumi config set kmsKeyArn ARN`."
        )
