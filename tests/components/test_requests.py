"""Every option that carries a promise is in the request that the engine gets."""

from __future__ import annotations

import ipaddress
import itertools
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.validate import ParamValidator
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from infra import tags
from infra.account.caller import Caller
from infra.account.snapshots import Snapshot
from infra.account.volumes import Volume
from infra.components import capacity
from infra.components.network import RANGE
from infra.lookup.found import Found
from infra.lookup.volume import adopted, blank, restored
from tests.components.requests import HOST_KEY, Registered, registered
from tests.configured import DECLARED

ME = "arn:aws:iam::123456789012:user/me"
BLANK = Found(
    Caller("123456789012", ME), blank("why"), 100, "us-east-1a", "ami-1", "", "", "", ("us-east-1a", "us-east-1b"), ()
)
VOLUME = Volume("vol-1", "us-east-1a", 200, "gp3", 3000, 250, True, "", "", (), {})
ADOPTED = replace(BLANK, choice=adopted(VOLUME, "how"), size=200)
TAKEN = Snapshot("snap-1", "vol-1", 100, datetime(2026, 1, 1, tzinfo=timezone.utc), "completed", {})
ALWAYS = {'tags["zagent:format"]', 'tags["zagent:owner"]'}
AT_BIRTH = {"snapshotId", "encrypted", "kmsKeyId", "type"}


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A login key."""
    path = tmp_path_factory.mktemp("key") / "key"
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())
    path.write_bytes(Ed25519PrivateKey.generate().private_bytes(*form))
    return path


def program(key: Path, what: Found = BLANK, **changed: object) -> dict[str, Registered]:
    """What the program registers, with the defaults of Pulumi.yaml and what the test changes."""
    chosen = {name: one["default"] for name, one in DECLARED.items()}
    chosen |= {"sshCidrs": ["192.0.2.1/32"], "sshPrivateKeyFile": str(key), **changed}
    return registered(what, {name: one if isinstance(one, str) else json.dumps(one) for name, one in chosen.items()})


def test_a_stack_is_these_resources(key: Path) -> None:
    """No more, and no key of KMS among them: destroyed with the stack it would take the kept volume's data along."""
    kinds = sorted({one.kind for one in program(key).values()})
    assert kinds == sorted(
        [
            "pulumi:pulumi:Stack",
            *(f"zagent:infra:{one}" for one in ("DataVolume", "GpuHost", "HostIdentity", "Network", "Snapshots")),
            "pulumi-python:dynamic/infra:HostBootstrap",
            "pulumi-python:dynamic/infra:HostKey",
            "aws:dlm/lifecyclePolicy:LifecyclePolicy",
            "aws:ebs/volume:Volume",
            "aws:ec2/eip:Eip",
            "aws:ec2/instance:Instance",
            "aws:ec2/internetGateway:InternetGateway",
            "aws:ec2/keyPair:KeyPair",
            "aws:ec2/route:Route",
            "aws:ec2/routeTable:RouteTable",
            "aws:ec2/routeTableAssociation:RouteTableAssociation",
            "aws:ec2/securityGroup:SecurityGroup",
            "aws:ec2/subnet:Subnet",
            "aws:ec2/volumeAttachment:VolumeAttachment",
            "aws:ec2/vpc:Vpc",
            "aws:iam/instanceProfile:InstanceProfile",
            "aws:iam/role:Role",
            "aws:iam/rolePolicy:RolePolicy",
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        ]
    )


def test_a_new_volume_is_kept_encrypted_and_tagged(key: Path) -> None:
    """From its first moment; AWS's own key, as nothing is said."""
    made = program(key)["data-volume"]
    assert (made.request.retainOnDelete, made.imported, made.ignored) == (True, "", ALWAYS)
    wanted = {"size": 100, "type": "gp3", "throughput": 500, "encrypted": True, "availabilityZone": "us-east-1a"}
    assert made.inputs.items() >= wanted.items()
    assert not {"kmsKeyId", "snapshotId", "iops"} & made.inputs.keys()
    own = {tags.PROJECT: "zagent", tags.STACK: "dev", tags.OWNER: ME, tags.SNAPSHOTS: "zagent/dev"}
    assert made.inputs["tags"].items() >= own.items()


@pytest.mark.parametrize(
    ("changed", "kept"),
    [
        ({}, {"size", "throughput", "iops"}),
        ({"volumeSizeGib": 300}, {"throughput", "iops"}),
        ({"volumeThroughput": 400, "volumeIops": 4000}, {"size"}),
    ],
    ids=["nothing said", "size", "speed"],
)
def test_an_adopted_volume_keeps_what_was_not_asked_for(key: Path, changed: dict[str, Any], kept: set[str]) -> None:
    """Import and retention always stand together; nothing may ask for its replacement."""
    found = program(key, ADOPTED, **changed)["data-volume"]
    assert (found.imported, found.request.retainOnDelete) == ("vol-1", True)
    assert found.ignored == ALWAYS | AT_BIRTH | kept


def test_a_volume_from_a_snapshot_and_a_key_that_exists(key: Path) -> None:
    """Both only when they are named."""
    arn = "arn:aws:kms:us-east-1:123456789012:key/k"
    made = program(key, replace(BLANK, choice=restored(TAKEN, "how")), kmsKeyArn=arn)["data-volume"]
    assert (made.inputs["snapshotId"], made.inputs["kmsKeyId"], made.imported) == ("snap-1", arn, "")


def test_the_host_asks_for_tokens_and_can_be_replaced(key: Path) -> None:
    """IMDSv2 over one hop; the old one goes first; its disks are no business of the instance's own."""
    host = program(key)["host-instance"]
    options = {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1}
    assert host.inputs["metadataOptions"] == options
    assert host.request.deleteBeforeReplace
    assert host.ignored == {"ami"}
    assert program(key, amiId="ami-2")["host-instance"].ignored == set()
    assert not {"ebsBlockDevices", "volumeTags", "userDataReplaceOnChange"} & host.inputs.keys()
    assert host.inputs["iamInstanceProfile"] == "identity-profile"
    assert host.inputs["tags"][tags.HOST_KEY] == HOST_KEY["public_key"]


def test_the_system_disk_is_never_taken_for_the_data(key: Path) -> None:
    """As big as its image; the tags of the stack are not on it, so neither are they on its snapshots."""
    disk = program(key)["host-instance"].inputs["rootBlockDevice"]
    assert disk == {"encrypted": True, "volumeType": "gp3", "tags": {"Name": "zagent-dev-root"}}
    disk = program(key, snapshotRoot=True)["host-instance"].inputs["rootBlockDevice"]
    assert disk["tags"] == {"Name": "zagent-dev-root", tags.SNAPSHOTS: "zagent/dev/root"}


def test_user_data_is_secret_and_stays_the_same(key: Path) -> None:
    """Another text would stop the host; a readable one would show the private half of its key."""
    first, second = (_user_data(program(key)) for _ in range(2))
    assert first == second
    assert HOST_KEY["private_key"] in first


def _user_data(all_of: Mapping[str, Registered]) -> str:
    given = all_of["host-instance"].request.object["userData"]
    assert "4dabf18193072939515e22adb298388d" in given, "the engine's signature of a secret"
    return str(given["value"])


def test_the_volume_is_detached_from_a_stopped_host_and_never_by_force(key: Path) -> None:
    """A mounted one would not let go."""
    inputs = program(key)["host-data"].inputs
    assert inputs["stopInstanceBeforeDetaching"] is True
    assert "forceDetach" not in inputs


def test_a_subnet_follows_its_zone(key: Path) -> None:
    """So that a move of zone never clashes with the old one: a name and a range of its own, in the network's."""
    zones = [f"us-east-1{letter}" for letter in "abcdef"]
    whole = ipaddress.IPv4Network(RANGE)
    ranges = [ipaddress.IPv4Network(_subnet(key, zone).inputs["cidrBlock"]) for zone in zones]
    assert all(one.subnet_of(whole) for one in ranges)
    assert not any(one.overlaps(other) for one, other in itertools.combinations(ranges, 2))


def _subnet(key: Path, zone: str) -> Registered:
    return program(key, replace(BLANK, zone=zone))[f"network-{zone}"]


def test_without_addresses_nothing_is_open(key: Path) -> None:
    """No rule lets anybody in, no address is held; the host is its instance id."""
    closed = program(key, sshCidrs=[])
    kinds = {one.kind for one in closed.values()}
    assert not {"aws:ec2/eip:Eip", "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"} & kinds
    assert closed["bootstrap"].inputs["address"] == "host-instance-id"
    assert closed["bootstrap"].inputs["proxy"].startswith("aws ssm start-session --target %h ")
    opened = program(key)
    rules = [one.inputs for one in opened.values() if one.kind.endswith("SecurityGroupIngressRule")]
    assert [(one["fromPort"], one["toPort"], one["cidrIpv4"]) for one in rules] == [(22, 22, "192.0.2.1/32")]
    assert opened["bootstrap"].inputs["address"] == "203.0.113.7"


def test_snapshots_are_daily_and_seven_stay(key: Path) -> None:
    """Of what carries a tag that nothing else has; a policy that is there already is adopted."""
    policy = program(key)["snapshots-data"]
    details = policy.inputs["policyDetails"]
    assert details["targetTags"] == {tags.SNAPSHOTS: "zagent/dev"}
    (schedule,) = details["schedules"]
    assert schedule["createRule"] == {"interval": 24, "intervalUnit": "HOURS", "times": "03:00"}
    assert (schedule["retainRule"], schedule["copyTags"]) == ({"count": 7}, True)
    assert schedule["tagsToAdd"] == {tags.KIND: "daily"}
    assert (policy.inputs["state"], policy.imported) == ("ENABLED", "")
    assert program(key, replace(BLANK, policy="policy-1"))["snapshots-data"].imported == "policy-1"


def test_the_system_disk_is_snapshotted_only_when_asked(key: Path) -> None:
    """By a policy of its own."""
    assert "snapshots-root" not in program(key)
    policy = program(key, snapshotRoot=True, snapshotKeep=3)["snapshots-root"].inputs["policyDetails"]
    assert policy["targetTags"] == {tags.SNAPSHOTS: "zagent/dev/root"}
    assert policy["schedules"][0]["retainRule"] == {"count": 3}


def test_the_request_of_a_policy_is_as_dlm_wants_it(key: Path) -> None:
    """Botocore's own model of CreateLifecyclePolicy takes it."""
    inputs = program(key)["snapshots-data"].inputs
    (daily,) = inputs["policyDetails"]["schedules"]
    create, keep = daily["createRule"], int(daily["retainRule"]["count"])
    rule = {"Interval": int(create["interval"]), "IntervalUnit": create["intervalUnit"], "Times": [create["times"]]}
    schedule = {"Name": daily["name"], "CreateRule": rule, "RetainRule": {"Count": keep}, "CopyTags": daily["copyTags"]}
    asked = {
        "ExecutionRoleArn": inputs["executionRoleArn"],
        "Description": inputs["description"],
        "State": inputs["state"],
        "PolicyDetails": {
            "ResourceTypes": inputs["policyDetails"]["resourceTypes"],
            "TargetTags": tags.listed(inputs["policyDetails"]["targetTags"]),
            "Schedules": [{**schedule, "TagsToAdd": tags.listed(daily["tagsToAdd"])}],
        },
    }
    model = boto3.client("dlm", "us-east-1").meta.service_model.operation_model("CreateLifecyclePolicy")
    assert model.input_shape is not None
    report = ParamValidator().validate(asked, model.input_shape)
    assert not report.has_errors(), report.generate_report()


def test_a_lack_of_capacity_names_the_other_zones() -> None:
    """And that the same command may be run again; other errors speak for themselves."""
    offered = ["us-east-1a", "us-east-1b"]
    told = capacity.advice(["… InsufficientInstanceCapacity: …"], "g6e.xlarge", "us-east-1a", offered)
    assert "no g6e.xlarge free in us-east-1a now; us-east-1b offers" in told
    assert "safe to run again" in told
    assert capacity.advice(["VcpuLimitExceeded"], "g6e.xlarge", "us-east-1a", offered) == ""
