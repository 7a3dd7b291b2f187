"""What the host may do in AWS: let Session Manager's agent carry SSH, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.components.documents import sessions, trust
from infra.lookup.found import Found
from infra.settings import Settings


@dataclass(frozen=True)
class HostIdentityArgs:
    """The stack's settings, and what was found and decided."""

    settings: Settings
    found: Found


class HostIdentity(pulumi.ComponentResource):
    """A role for the host. Snapshots are made and deleted by the operator, so the host has no right over its disks."""

    def __init__(self, name: str, args: HostIdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("zagent:infra:HostIdentity", name, None, opts)
        settings, caller = args.settings, args.found.caller
        child = pulumi.ResourceOptions(parent=self)
        service = "ec2.amazonaws.com.cn" if caller.partition == "aws-cn" else "ec2.amazonaws.com"
        role = aws.iam.Role(f"{name}-role", assume_role_policy=trust(service), tags=settings.tags, opts=child)
        self.may = aws.iam.RolePolicy(
            f"{name}-sessions", role=role.id, policy=sessions(caller, settings.access.region_name), opts=child
        )
        self.profile = aws.iam.InstanceProfile(f"{name}-profile", role=role.name, tags=settings.tags, opts=child)
        self.register_outputs({"profile": self.profile.name})
