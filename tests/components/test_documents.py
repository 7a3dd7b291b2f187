"""IAM documents: what they allow and no more, read by a linter that knows AWS's actions and resources."""

from __future__ import annotations

import json

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from infra.account.caller import Caller
from infra.components.documents import sessions, trust

CALLER = Caller("123456789012", "arn:aws:iam::123456789012:user/me")
ALLOWED = {
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
}


def findings(document: str, trusted: str = trust("ec2.amazonaws.com")) -> set[str]:
    """The rules that a role with these documents breaks."""
    policy = {"PolicyName": "p", "PolicyDocument": json.loads(document)}
    role = {"AssumeRolePolicyDocument": json.loads(trusted), "Policies": [policy]}
    template = {"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": role}}}
    chosen = ManualArgs(include_checks=["I"], regions=["us-east-1"])
    return {one.rule.id for one in lint(json.dumps(template), config=chosen)}


def test_the_linter_finds_nothing() -> None:
    """In what the host may do, and in who may take the roles."""
    assert findings(sessions(CALLER, "us-east-1")) == set()
    assert findings(sessions(CALLER, "us-east-1"), trust("dlm.amazonaws.com", "123456789012")) == set()


@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [
        ("UpdateInstanceInformation", "UpdateAnything", "W3037"),
        ('"Allow"', '"Permit"', "E3510"),
        (":instance/*", ":volume/*", "I3510"),
    ],
    ids=["action", "effect", "resource"],
)
def test_the_linter_looks(right: str, wrong: str, rule: str) -> None:
    """A slip of each sort is found."""
    document = sessions(CALLER, "us-east-1").replace(right, wrong, 1)
    assert rule in findings(document)


def test_a_host_may_do_this_and_no_more() -> None:
    """Only the channels, which are no resource's, are not narrowed to one."""
    allowed: set[str] = set()
    for one in json.loads(sessions(CALLER, "eu-west-1"))["Statement"]:
        actions = [one["Action"]] if isinstance(one["Action"], str) else one["Action"]
        allowed.update(actions)
        everywhere = all(action.startswith("ssmmessages:") for action in actions)
        assert one["Resource"] == ("*" if everywhere else "arn:aws:ec2:eu-west-1:123456789012:instance/*")
    assert allowed == ALLOWED


def test_a_service_acts_for_this_account_alone() -> None:
    """Nobody else's resources make it take the role."""
    (statement,) = json.loads(trust("dlm.amazonaws.com", "123456789012"))["Statement"]
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    assert statement["Principal"] == {"Service": "dlm.amazonaws.com"}
