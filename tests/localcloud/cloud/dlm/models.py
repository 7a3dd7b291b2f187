"""The lifecycle policies of a region."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.moto_api._internal import mock_random

from tests.localcloud.cloud.dlm import rules, snapshots
from tests.localcloud.cloud.dlm.errors import NoSuchPolicy
from tests.localcloud.cloud.dlm.filters import passes


@dataclass
class Policy:
    """A policy. The attributes are the API's members in snake case, which is how moto's serializer finds them."""

    policy_arn: str
    policy_id: str
    description: str
    state: str
    execution_role_arn: str
    policy_details: dict[str, Any]
    tags: dict[str, str]
    status_message: str = "ENABLED"
    default_policy: bool = False
    date_created: datetime = field(default_factory=utcnow)
    date_modified: datetime = field(default_factory=utcnow)

    @property
    def policy_type(self) -> str:
        """What it manages, as GetLifecyclePolicies shows it."""
        return str(self.policy_details["PolicyType"])


class DlmBackend(BaseBackend):
    """Requests come as botocore's model names their members, and have its form; see ``form``."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.policies: dict[str, Policy] = {}

    def create(self, request: dict[str, Any]) -> Policy:
        """Make a policy.

        Raises:
            InvalidRequest: it breaks a rule.
        """
        details = rules.completed(request.get("PolicyDetails", {}))
        rules.check_targets(details, [one.policy_details for one in self.policies.values()])
        identity = f"policy-{mock_random.get_random_hex(17)}"
        policy = Policy(
            policy_arn=f"arn:{self.partition}:dlm:{self.region_name}:{self.account_id}:policy/{identity}",
            policy_id=identity,
            description=request["Description"],
            state=request["State"],
            execution_role_arn=request["ExecutionRoleArn"],
            policy_details=details,
            tags=request.get("Tags", {}),
        )
        self.policies[identity] = policy
        return policy

    def get(self, policy_id: str) -> Policy:
        """The policy of an id.

        Raises:
            NoSuchPolicy: there is none.
        """
        if policy_id not in self.policies:
            raise NoSuchPolicy(policy_id)
        return self.policies[policy_id]

    def tagged(self, arn: str) -> Policy:
        """The policy of an ARN.

        Raises:
            NoSuchPolicy: there is none.
        """
        policy = self.policies.get(arn.rpartition("/")[2])
        if policy is None or policy.policy_arn != arn:
            raise NoSuchPolicy(arn)
        return policy

    def find(self, request: dict[str, Any]) -> list[Policy]:
        """The policies of the ids, or all, that pass the request's filters.

        Raises:
            NoSuchPolicy: there is none of an id.
        """
        wanted = request.get("PolicyIds") or list(self.policies)
        if unknown := [one for one in wanted if one not in self.policies]:
            raise NoSuchPolicy(*unknown)
        return [self.policies[one] for one in wanted if passes(self.policies[one], request)]

    def update(self, request: dict[str, Any]) -> None:
        """Change what the request has.

        Raises:
            NoSuchPolicy: there is none of the id.
            InvalidRequest: it breaks a rule; nothing has changed then.
        """
        policy = self.get(request["PolicyId"])
        if "PolicyDetails" in request:
            details = rules.completed(request["PolicyDetails"])
            rules.check_update(policy.policy_details, details)
            rules.check_targets(details, [one.policy_details for one in self.policies.values() if one is not policy])
            policy.policy_details = details
        policy.description = request.get("Description", policy.description)
        policy.state = request.get("State", policy.state)
        policy.execution_role_arn = request.get("ExecutionRoleArn", policy.execution_role_arn)
        policy.date_modified = utcnow()

    def delete(self, policy_id: str) -> None:
        """Remove a policy; its snapshots stay.

        Raises:
            NoSuchPolicy: there is none of the id.
        """
        del self.policies[self.get(policy_id).policy_id]

    def run(self, policy_id: str) -> None:
        """Make a snapshot of each target of an enabled policy, for each schedule, and delete those past its count.

        Raises:
            NoSuchPolicy: there is none of the id.
        """
        policy = self.get(policy_id)
        if policy.state == "ENABLED":
            snapshots.make(ec2_backends[self.account_id][self.region_name], policy_id, policy.policy_details)


dlm_backends: BackendDict[DlmBackend] = BackendDict(DlmBackend, "dlm")
