"""The policy pack run by the engine: the product keeps to its own rules, and what does not is refused."""

from __future__ import annotations

import pytest

from infra.policy.rules import RULES
from tests.engine.conftest import Stack
from tests.localcloud.state import REPOSITORY

pytestmark = [pytest.mark.cloud, pytest.mark.timeout(600)]

WITH_PACK = ("--policy-pack", str(REPOSITORY / "infra/policy"))

KNOWN_LATE = """
import pulumi_aws as aws

group = aws.ec2.SecurityGroup("group")
aws.vpc.SecurityGroupIngressRule(
    "ssh", security_group_id=group.id, ip_protocol="tcp", from_port=22, to_port=22, cidr_ipv4="203.0.113.7/32"
)
aws.ebs.Volume(
    "data",
    availability_zone="us-east-1a",
    size=1,
    type="gp3",
    encrypted=group.id.apply(lambda _: ENCRYPTED),
    tags={"zagent:project": "small", "zagent:stack": group.id},
)
"""
"""All right as far as can be known before the group is made."""

BAD = """
import pulumi_aws as aws

aws.ebs.Volume("data", availability_zone="us-east-1a", size=1, type="gp2")
aws.ec2.Instance(
    "host",
    ami="ami-0123456789abcdef0",
    instance_type="g6e.xlarge",
    ebs_block_devices=[{"device_name": "/dev/sdf", "volume_size": 1, "volume_type": "io2", "encrypted": True}],
)
group = aws.ec2.SecurityGroup("group")
aws.vpc.SecurityGroupIngressRule("everything", security_group_id=group.id, ip_protocol="-1", cidr_ipv6="::/0")
"""
"""Against every rule but that on keys, which the local cloud does not have."""

TOLD = (
    "Volume data: the volume is not encrypted",
    "Volume data: the volume is gp2",
    "Volume data: the tag zagent:project is missing",
    "Volume data: the tag zagent:stack is missing",
    "Instance host: the root disk (rootBlockDevice) is not encrypted",
    "Instance host: the root disk (rootBlockDevice) has no type",
    "Instance host: its metadata service answers without a session token",
    "Instance host: its metadata service may answer beyond the host",
    "Instance host: `ebsBlockDevices` would be destroyed with the instance",
    "SecurityGroupIngressRule everything: SSH (port 22) is open to ::/0",
)


def test_the_product_keeps_to_its_own_rules(stack: Stack) -> None:
    """Its program passes; the engine says that the pack was there, and nothing against the program."""
    said = stack.project.run("preview", *WITH_PACK)
    assert "zagent@v0.1.0" in said
    assert "mandatory" not in said
    assert "can't run policy" not in said


def test_a_preview_names_every_violation(stack: Stack) -> None:
    """All at once, each with its rule, and without a traceback."""
    stack.project.write(BAD)
    said = stack.refused("preview", *WITH_PACK)
    plain = " ".join(said.split())
    assert [one for one in TOLD if one not in plain] == [], said
    assert [one.name for one in RULES if one.name not in said] == ["no-kms-key"]


def test_up_makes_nothing_that_is_refused(stack: Stack) -> None:
    """What is not known in a preview is judged before it is made; what is right is made."""
    before = volumes(stack)
    stack.project.write(KNOWN_LATE.replace("ENCRYPTED", "False"))
    assert "can't run policy" not in stack.project.run("preview", *WITH_PACK)
    assert TOLD[0] in stack.refused("up", "--yes", "--skip-preview", *WITH_PACK)
    assert volumes(stack) == before
    stack.project.write(KNOWN_LATE.replace("ENCRYPTED", "True"))
    stack.up(*WITH_PACK)
    assert len(volumes(stack) - before) == 1
    stack.project.run("destroy", "--yes", "--skip-preview")


def volumes(stack: Stack) -> set[str]:
    """The ids of all volumes of the cloud."""
    return {one["VolumeId"] for one in stack.ec2.describe_volumes()["Volumes"]}
