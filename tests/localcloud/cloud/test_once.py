"""A call whose answer was lost, and that the SDK makes again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

RULE = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}


@pytest.fixture
def group(ec2: EC2Client) -> str:
    """A security group."""
    return ec2.create_security_group(GroupName="doors", Description="doors")["GroupId"]


@pytest.fixture
def tries(ec2: EC2Client, group: str) -> Iterator[EC2Client]:
    """A client whose calls are all tries of one, but that which made the group."""

    def same(request: Any, **_: object) -> None:
        request.headers["amz-sdk-invocation-id"] = "one"

    ec2.meta.events.register("before-send.ec2", same)
    yield ec2
    ec2.meta.events.unregister("before-send.ec2", same)


def allow(ec2: EC2Client, group: str) -> str:
    """The id of the rule that is made."""
    made = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[RULE])  # type: ignore[list-item]
    return made["SecurityGroupRules"][0]["SecurityGroupRuleId"]


def test_what_is_asked_again_is_answered_as_it_was(tries: EC2Client, group: str) -> None:
    """And done once."""
    assert allow(tries, group) == allow(tries, group)


def test_another_call_is_another(ec2: EC2Client, group: str) -> None:
    """It is refused, as AWS refuses it."""
    allow(ec2, group)
    with pytest.raises(ClientError, match=r"InvalidPermission\.Duplicate"):
        allow(ec2, group)


def test_a_try_that_was_refused_is_none(tries: EC2Client, group: str) -> None:
    """The next one is passed on."""
    with pytest.raises(ClientError):
        tries.describe_security_groups(GroupIds=["sg-00000000000000000"])
    assert allow(tries, group)
