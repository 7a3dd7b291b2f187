"""The policy pack's rules: what is right passes, what is wrong is told, and what is not known is not judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from pulumi_policy import ResourceValidationArgs, ResourceValidationPolicy
from pulumi_policy.policy import PolicyCustomTimeouts, PolicyResourceOptions
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from infra.policy import disks, ingress, instances, keys, pack, rules
from infra.policy.resources import UNKNOWN, Resource

VOLUME = "aws:ebs/volume:Volume"
INSTANCE = "aws:ec2/instance:Instance"
SPOT = "aws:ec2/spotInstanceRequest:SpotInstanceRequest"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
OLD_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"

OWN = {"zagent:project": "zagent", "zagent:stack": "dev"}
GOOD_ROOT = {"encrypted": True, "volumeType": "gp3"}
IMDSV2 = {"httpTokens": "required", "httpPutResponseHopLimit": 1.0}

Check = Callable[[Resource], Iterator[str]]
Row = tuple[str, Mapping[str, Any], list[str]]


def told(check: Check, kind: str, properties: Mapping[str, Any]) -> list[str]:
    """What a rule says about a resource named ``it``; each sentence names it and ends with what mends it."""
    said = list(check(Resource(kind, "it", properties)))
    assert all(one.startswith(f"{kind.rpartition(':')[2]} it: ") and one.endswith(".") for one in said)
    return said


def agrees(check: Check, row: Row) -> None:
    """The rule gives as many violations as the row has, in order, and each holds the row's words."""
    kind, properties, wanted = row
    said = told(check, kind, properties)
    assert len(said) == len(wanted), said
    assert all(words in one for words, one in zip(wanted, said, strict=True)), said


ROOT, INLINE, MAPPED = "(rootBlockDevice)", "/dev/sdf (ebsBlockDevices)", "/dev/sda1 (blockDeviceMappings)"

ENCRYPTED: list[Row] = [
    (VOLUME, {"encrypted": True}, []),
    (VOLUME, {"encrypted": False}, ["the volume is not encrypted"]),
    (VOLUME, {}, ["the volume is not encrypted"]),
    (VOLUME, {"encrypted": None, "kmsKeyId": "arn:…"}, ["the volume is not encrypted"]),
    (VOLUME, {"encrypted": UNKNOWN}, []),
    (INSTANCE, {"rootBlockDevice": GOOD_ROOT}, []),
    (INSTANCE, {"rootBlockDevice": {"volumeType": "gp3"}}, [ROOT]),
    (INSTANCE, {"rootBlockDevice": {"encrypted": UNKNOWN}}, []),
    (INSTANCE, {"rootBlockDevice": UNKNOWN}, []),
    (INSTANCE, {}, [ROOT]),
    (INSTANCE, {"rootBlockDevice": GOOD_ROOT, "ebsBlockDevices": [{"deviceName": "/dev/sdf"}]}, [INLINE]),
    (INSTANCE, {"rootBlockDevice": GOOD_ROOT, "ebsBlockDevices": [UNKNOWN]}, []),
    (INSTANCE, {"rootBlockDevice": GOOD_ROOT, "ebsBlockDevices": UNKNOWN}, []),
    (SPOT, {}, [ROOT]),
    (TEMPLATE, {}, []),
    (TEMPLATE, {"blockDeviceMappings": [{"deviceName": "/dev/sda1", "ebs": {"encrypted": "true"}}]}, []),
    (TEMPLATE, {"blockDeviceMappings": [{"deviceName": "/dev/sda1", "ebs": {"encrypted": "false"}}]}, [MAPPED]),
    (TEMPLATE, {"blockDeviceMappings": [{"deviceName": "/dev/sdb", "virtualName": "ephemeral0"}]}, []),
    (TEMPLATE, {"blockDeviceMappings": [{"deviceName": "/dev/sdb", "ebs": UNKNOWN}]}, []),
    (GROUP, {}, []),
]


@pytest.mark.parametrize("row", ENCRYPTED)
def test_disks_are_encrypted(row: Row) -> None:
    """Every disk that a resource makes must say so."""
    agrees(disks.encrypted, row)


TYPES: list[Row] = [
    (VOLUME, {"type": "gp3"}, []),
    (VOLUME, {"type": "io2"}, []),
    (VOLUME, {"type": "gp2"}, ["the volume is gp2. Set its `type`"]),
    (VOLUME, {"type": "standard"}, ["the volume is standard"]),
    (VOLUME, {}, ["the volume has no type"]),
    (VOLUME, {"type": UNKNOWN}, []),
    (INSTANCE, {"rootBlockDevice": GOOD_ROOT}, []),
    (INSTANCE, {"rootBlockDevice": {"volumeType": "gp2"}}, ["is gp2. Set its `volumeType`"]),
    (INSTANCE, {"rootBlockDevice": {}}, [ROOT]),
    (INSTANCE, {"rootBlockDevice": UNKNOWN}, []),
    (SPOT, {}, [ROOT]),
    (TEMPLATE, {"blockDeviceMappings": [{"deviceName": "/dev/sda1", "ebs": {"volumeType": "st1"}}]}, [MAPPED]),
]


@pytest.mark.parametrize("row", TYPES)
def test_disks_are_gp3_or_io2(row: Row) -> None:
    """A type that is not named counts as a wrong one."""
    agrees(disks.of_a_good_type, row)


TAGS: list[Row] = [
    (VOLUME, {"tags": OWN}, []),
    (VOLUME, {"tags": {**OWN, "zagent:stack": UNKNOWN}}, []),
    (VOLUME, {"tagsAll": OWN}, []),
    (VOLUME, {"tags": {"zagent:project": "zagent"}, "tagsAll": OWN}, []),
    (VOLUME, {"tags": UNKNOWN}, []),
    (VOLUME, {"tags": {"zagent:project": "zagent"}}, ["zagent:stack"]),
    (VOLUME, {"tags": {"zagent:project": "", "zagent:stack": "dev"}}, ["zagent:project"]),
    (VOLUME, {}, ["zagent:project", "zagent:stack"]),
    (INSTANCE, {}, []),
]


@pytest.mark.parametrize("row", TAGS)
def test_volumes_say_whose_they_are(row: Row) -> None:
    """Both tags, on the volume itself or from the provider's defaults."""
    agrees(disks.tagged, row)


METADATA: list[Row] = [
    (INSTANCE, {"metadataOptions": IMDSV2}, []),
    (INSTANCE, {"metadataOptions": UNKNOWN}, []),
    (INSTANCE, {"metadataOptions": {"httpTokens": UNKNOWN, "httpPutResponseHopLimit": UNKNOWN}}, []),
    (INSTANCE, {"metadataOptions": {**IMDSV2, "httpTokens": "optional"}}, ["IMDSv1"]),
    (INSTANCE, {"metadataOptions": {**IMDSV2, "httpPutResponseHopLimit": 2}}, ["beyond the host"]),
    (INSTANCE, {"metadataOptions": {"httpTokens": "required"}}, ["beyond the host"]),
    (INSTANCE, {}, ["IMDSv1", "beyond the host"]),
    (SPOT, {}, ["IMDSv1", "beyond the host"]),
    (VOLUME, {}, []),
]


@pytest.mark.parametrize("row", METADATA)
def test_instances_require_imdsv2(row: Row) -> None:
    """With a session token, and one hop, said in words: an image may have other defaults."""
    agrees(instances.metadata_needs_a_session, row)


APART: list[Row] = [
    (INSTANCE, {}, []),
    (INSTANCE, {"ebsBlockDevices": [], "volumeTags": {}}, []),
    (INSTANCE, {"ebsBlockDevices": [{"deviceName": "/dev/sdf"}]}, ["`ebsBlockDevices`"]),
    (INSTANCE, {"ebsBlockDevices": [UNKNOWN]}, ["`ebsBlockDevices`"]),
    (INSTANCE, {"ebsBlockDevices": UNKNOWN, "volumeTags": UNKNOWN}, []),
    (SPOT, {"volumeTags": {"a": "b"}}, ["`volumeTags`"]),
    (VOLUME, {"volumeTags": {"a": "b"}}, []),
]


@pytest.mark.parametrize("row", APART)
def test_instances_have_no_volumes_of_their_own(row: Row) -> None:
    """Neither inputs for volumes nor tags for those that others declare."""
    agrees(instances.volumes_stand_apart, row)


def rule(**changed: Any) -> dict[str, Any]:
    """The inputs of a rule of its own, which opens SSH to the world unless changed."""
    return {"ipProtocol": "tcp", "fromPort": 22.0, "toPort": 22.0, "cidrIpv4": "0.0.0.0/0"} | changed


def inline(**changed: Any) -> dict[str, Any]:
    """The same where ranges are listed."""
    return {"protocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlocks": ["0.0.0.0/0"]} | changed


OPEN = ["SSH (port 22) is open to 0.0.0.0/0"]

INGRESS: list[Row] = [
    (RULE, rule(), OPEN),
    (RULE, rule(cidrIpv4=None, cidrIpv6="::/0"), ["open to ::/0"]),
    (RULE, rule(cidrIpv4=None, cidrIpv6="0::0/0"), ["open to 0::0/0"]),
    (RULE, rule(cidrIpv4="203.0.113.7/32"), []),
    (RULE, rule(cidrIpv4=UNKNOWN), []),
    (RULE, rule(cidrIpv4=None, referencedSecurityGroupId="sg-1"), []),
    (RULE, rule(fromPort=0, toPort=65_535), OPEN),
    (RULE, rule(fromPort=22, toPort=80), OPEN),
    (RULE, rule(fromPort=23, toPort=80), []),
    (RULE, rule(fromPort=443, toPort=443), []),
    (RULE, rule(fromPort=UNKNOWN), []),
    (RULE, rule(fromPort=-1, toPort=-1), OPEN),
    (RULE, rule(ipProtocol="-1", fromPort=None, toPort=None), OPEN),
    (RULE, rule(ipProtocol="all", fromPort=0, toPort=0), OPEN),
    (RULE, rule(ipProtocol="TCP"), OPEN),
    (RULE, rule(ipProtocol="6"), OPEN),
    (RULE, rule(ipProtocol="udp"), []),
    (RULE, rule(ipProtocol="icmp", fromPort=-1, toPort=-1), []),
    (RULE, rule(ipProtocol=UNKNOWN), []),
    (OLD_RULE, inline(type="ingress"), OPEN),
    (OLD_RULE, inline(type="ingress", ipv6CidrBlocks=["::/0"]), [*OPEN, "open to ::/0"]),
    (OLD_RULE, inline(type="egress"), []),
    (OLD_RULE, inline(type=UNKNOWN), []),
    (OLD_RULE, inline(type="ingress", cidrBlocks=UNKNOWN), []),
    (OLD_RULE, inline(type="ingress", cidrBlocks=[UNKNOWN, "10.0.0.0/8"]), []),
    (OLD_RULE, inline(type="ingress", cidrBlocks=None, self=True), []),
    (GROUP, {"ingress": [inline(fromPort=80, toPort=80), inline()]}, OPEN),
    (GROUP, {"ingress": [inline(protocol="-1", fromPort=0, toPort=0)]}, OPEN),
    (GROUP, {"ingress": [UNKNOWN]}, []),
    (GROUP, {"ingress": UNKNOWN}, []),
    (GROUP, {"egress": [inline()]}, []),
    (GROUP, {}, []),
    (DEFAULT_GROUP, {"ingress": [inline()]}, OPEN),
    (INSTANCE, {"ingress": [inline()]}, []),
]


@pytest.mark.parametrize("row", INGRESS)
def test_ssh_is_not_open_to_the_world(row: Row) -> None:
    """In each of the four ways to write a rule."""
    agrees(ingress.ssh_not_open_to_the_world, row)


@pytest.mark.parametrize(
    ("text", "world"),
    [
        ("0.0.0.0/0", True),
        ("1.2.3.4/0", True),
        ("128.0.0.0/1", True),
        ("64.0.0.0/7", True),
        ("10.0.0.0/8", False),
        ("203.0.113.7", False),
        ("::/0", True),
        ("8000::/1", True),
        ("2000::/3", True),
        ("2600::/12", True),
        ("2001:db8::/32", False),
        ("fc00::/7", False),
        ("fd00::/8", False),
        ("no range", False),
        ("", False),
    ],
)
def test_the_world_is_more_than_anyones_own_addresses(text: str, world: bool) -> None:
    """A half of the internet is as bad as all of it: two rules would open it all."""
    assert ingress.is_world(text) is world


@pytest.mark.parametrize("kind", keys.KEYS)
def test_the_stack_makes_no_key(kind: str) -> None:
    """Each kind of KMS key is refused; a name for a key that is there is not."""
    assert "kmsKeyArn" in told(keys.not_made, kind, {})[0]
    assert told(keys.not_made, "aws:kms/alias:Alias", {"targetKeyId": "…"}) == []


@pytest.mark.parametrize("kind", [VOLUME, INSTANCE, SPOT, TEMPLATE, RULE, OLD_RULE, GROUP, DEFAULT_GROUP])
@pytest.mark.parametrize("value", [None, UNKNOWN, "", [], {}])
def test_no_value_upsets_a_rule(kind: str, value: Any) -> None:
    """Whatever is absent, empty or unknown: there is an answer, in sentences."""
    named = "encrypted type tags tagsAll rootBlockDevice ebsBlockDevices blockDeviceMappings metadataOptions volumeTags"
    more = "ingress ipProtocol protocol fromPort toPort cidrIpv4 cidrIpv6 cidrBlocks ipv6CidrBlocks"
    found = rules.violations(Resource(kind, "it", dict.fromkeys([*named.split(), *more.split()], value)))
    assert all(one.endswith(".") for one in found)


def judged(properties: dict[str, Any]) -> list[tuple[str, str]]:
    """What the pack reports on a volume with these inputs, as the engine sends them: each rule's name and words."""
    options = PolicyResourceOptions(False, [], None, [], PolicyCustomTimeouts(0, 0, 0), [])
    args = ResourceValidationArgs(VOLUME, unknown_checking_proxy(properties), "urn", "it", options, None)
    found: list[tuple[str, str]] = []
    for policy in pack.policies():
        assert isinstance(policy, ResourceValidationPolicy)

        def report(message: str, _urn: str | None = None, name: str = policy.name) -> None:
            found.append((name, message))

        policy.validate(args, report)
    return found


def test_the_pack_tells_each_violation_under_its_rule() -> None:
    """The rules as policies, on the library's own view of the inputs."""
    assert judged({"encrypted": True, "type": "gp3", "tags": OWN}) == []
    found = judged({"encrypted": True, "type": "gp2", "tags": {"zagent:project": "zagent"}})
    assert [name for name, _ in found] == ["disks-gp3-or-io2", "volumes-tagged"]


def test_the_pack_does_not_judge_what_is_not_known_yet() -> None:
    """One unknown value hides no violation beside it."""
    properties = {"encrypted": UNKNOWN_STRING_VALUE, "type": "gp3", "tags": {"zagent:project": UNKNOWN_STRING_VALUE}}
    assert [message.partition("zagent:stack")[1] for _, message in judged(properties)] == ["zagent:stack"]


def test_inputs_become_plain_values() -> None:
    """Groups and lists at any depth, with ``UNKNOWN`` where the engine knows nothing."""
    seen = unknown_checking_proxy({"a": [{"b": UNKNOWN_STRING_VALUE}, UNKNOWN_STRING_VALUE, 1.0], "c": "text"})
    assert pack.plain(seen) == {"a": [{"b": UNKNOWN}, UNKNOWN, 1.0], "c": "text"}


def test_every_rule_has_a_name_of_its_own() -> None:
    """People switch rules off by name."""
    assert len({one.name for one in rules.RULES}) == len(rules.RULES)
