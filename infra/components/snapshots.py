"""The daily snapshots of the volume, and of the system disk for people who keep all on it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import tags
from infra.account.snapshots import DAILY
from infra.components.documents import trust
from infra.lookup.found import Found
from infra.settings import Settings

MANAGED = "iam::aws:policy/service-role/AWSDataLifecycleManagerServiceRole"
"""AWS's own policy for this service: what it needs changes with the service, and AWS keeps it."""

NOT_DLMS = re.compile("[^0-9A-Za-z _-]")
"""What a description may not have (botocore, DLM's PolicyDescription)."""


@dataclass(frozen=True)
class SnapshotsArgs:
    """The stack's settings, and what was found and decided."""

    settings: Settings
    found: Found


class Snapshots(pulumi.ComponentResource):
    """Policies of Amazon Data Lifecycle Manager and their role. Their snapshots outlive them, as the volume does.

    The volume is the target by a tag that nothing else carries. A policy that is there already, as after the state was
    lost, is adopted: AWS refuses a second one with the same target.
    """

    def __init__(self, name: str, args: SnapshotsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("zagent:infra:Snapshots", name, None, opts)
        self._name, self._settings, self._found = name, args.settings, args.found
        self._role = self._service_role()
        self.policy = self._policy("data", args.settings.target, args.found.policy)
        if args.settings.snapshot_root:
            self.root_policy = self._policy("root", args.settings.root_target, args.found.root_policy)
        self.register_outputs({"policy_id": self.policy.id})

    def _service_role(self) -> aws.iam.Role:
        caller, child = self._found.caller, pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            f"{self._name}-role",
            assume_role_policy=trust("dlm.amazonaws.com", account=caller.account),
            tags=self._settings.tags,
            opts=child,
        )
        self._may = aws.iam.RolePolicyAttachment(
            f"{self._name}-may", role=role.name, policy_arn=f"arn:{caller.partition}:{MANAGED}", opts=child
        )
        return role

    def _policy(self, what: str, target: str, there: str) -> aws.dlm.LifecyclePolicy:
        settings = self._settings
        return aws.dlm.LifecyclePolicy(
            f"{self._name}-{what}",
            description=NOT_DLMS.sub("-", f"zagent {settings.name} {what}"),
            execution_role_arn=self._role.arn,
            state="ENABLED",
            policy_details={
                "resource_types": ["VOLUME"],
                "target_tags": {tags.SNAPSHOTS: target},
                "schedules": [
                    {
                        "name": DAILY,
                        "create_rule": {"interval": 24, "interval_unit": "HOURS", "times": settings.snapshot_time},
                        "retain_rule": {"count": settings.snapshot_keep},
                        "copy_tags": True,
                        "tags_to_add": {tags.KIND: DAILY},
                    }
                ],
            },
            tags=settings.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self._may], import_=there or None),
        )
