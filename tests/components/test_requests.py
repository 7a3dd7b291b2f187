"""Every option that carries a promise is in the request that the engine gets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra import tags
from infra.components import capacity
from infra.lookup.found import Found
from infra.lookup.volume import Choice, adopted, restored
from tests.components.programs import ADOPTED, BLANK, ME, TAKEN, VOLUME, program, ran
from tests.components.requests import COMPUTED, HOST_KEY, UNKNOWN, Registered
from tests.configured import settings

ALWAYS = {'tags["zagent:format"]', 'tags["zagent:owner"]', 'tags["zagent:made-of"]'}
RENEWS = {"availabilityZone", "encrypted", "kmsKeyId", "snapshotId", "multiAttachEnabled", "outpostArn"}
"""What a volume is renewed for when it differs (hashicorp/terraform-provider-aws, ebs_volume.go: ForceNew)."""

AT_BIRTH = {"snapshotId", "encrypted", "kmsKeyId", "type"}


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


def test_every_resource_is_made_once_and_has_a_parent(key: Path) -> None:
    """All by name; what belongs together hangs together, and only the data volume outlives the stack."""
    made = program(key)
    assert sorted(made) == sorted(
        [
            "zagent-dev",
            *("data", "network", "identity", "host", "snapshots", "bootstrap"),
            "data-volume",
            *(f"network-{one}" for one in ("vpc", "us-east-1a", "gateway", "routes", "out", "association", "host")),
            *("network-egress", "network-ssh-192.0.2.1/32"),
            *("identity-role", "identity-sessions", "identity-profile"),
            *("host-key", "host-login", "host-instance", "host-data", "host-address"),
            *("snapshots-role", "snapshots-may", "snapshots-data"),
        ]
    )
    for name, one in made.items():
        part = name.partition("-")[0]
        assert one.request.parent.endswith(f"::{part}") == (name not in ("zagent-dev", part)), name
    assert [name for name, one in made.items() if one.request.retainOnDelete] == ["data-volume"]
    assert not any(one.request.protect for one in made.values()), "`pulumi destroy` would stop at it"
    first = ("host-instance", "host-data")
    assert [name for name, one in made.items() if one.request.deleteBeforeReplace] == [*first]
    assert {name for name, one in made.items() if one.ignored} == {"data-volume", "host-instance"}
    assert not any(one.imported for one in made.values())


def test_a_new_volume_is_kept_encrypted_and_tagged(key: Path) -> None:
    """From its first moment; AWS's own key, as nothing is said."""
    made = program(key)["data-volume"]
    assert (made.request.retainOnDelete, made.imported, made.ignored) == (True, "", ALWAYS)
    wanted = {"size": 100, "type": "gp3", "throughput": 500, "encrypted": True, "availabilityZone": "us-east-1a"}
    assert made.inputs.items() >= wanted.items()
    assert not {"kmsKeyId", "snapshotId", "iops"} & made.inputs.keys()
    own = {tags.PROJECT: "zagent", tags.STACK: "dev", tags.OWNER: ME, tags.SNAPSHOTS: "zagent/dev"}
    assert made.inputs["tags"] == {**own, "Name": "zagent-dev-data"}


def test_the_persons_tags_are_on_everything_and_take_no_place_of_ours(key: Path) -> None:
    """Only what may carry tags, of course."""
    made = program(key, tags={"team": "images", "Name": "mine"})
    tagged = {name: one.inputs["tags"] for name, one in made.items() if "tags" in one.inputs}
    assert {one["team"] for one in tagged.values()} == {"images"}
    assert all(one[tags.PROJECT] == "zagent" and one[tags.STACK] == "dev" for one in tagged.values())
    assert (tagged["data-volume"]["Name"], tagged["host-instance"]["Name"]) == ("zagent-dev-data", "zagent-dev")
    disk = made["host-instance"].inputs["rootBlockDevice"]["tags"]
    assert disk == {"team": "images", "Name": "zagent-dev-root"}


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
    assert (found.imported, found.request.retainOnDelete, found.request.protect) == ("vol-1", True, False)
    assert found.ignored == ALWAYS | AT_BIRTH | kept
    asked = {"throughput": changed.get("volumeThroughput", 500), "iops": changed.get("volumeIops")}
    assert {name: found.inputs.get(name) for name in asked} == asked


@pytest.mark.parametrize(
    "its_own",
    [
        {"encrypted": False},
        {"key": "arn:aws:kms:us-east-1:123456789012:key/its"},
        {"snapshot": "snap-9"},
        {"kind": "gp2", "throughput": 0},
        {"zone": "us-east-1b"},
    ],
    ids=["not encrypted", "its own key", "made of a snapshot", "another type", "another zone"],
)
def test_nothing_asks_for_another_volume_than_the_adopted(key: Path, its_own: dict[str, Any]) -> None:
    """Of what AWS would make a new volume for, the zone alone is looked at, and it is the volume's own."""
    volume = replace(VOLUME, **its_own)
    what = replace(ADOPTED, choice=adopted(volume, "how"), zone=volume.zone)
    made = program(key, what, kmsKeyArn="arn:aws:kms:us-east-1:123456789012:key/new", restore="snap-8")
    disk = made["data-volume"]
    assert (disk.imported, disk.request.retainOnDelete) == ("vol-1", True)
    assert not RENEWS & disk.inputs.keys() - disk.ignored - {"availabilityZone"}
    assert disk.inputs["availabilityZone"] == made["host-instance"].inputs["availabilityZone"] == volume.zone
    assert "snapshotId" not in disk.inputs
    assert made["host-data"].inputs["volumeId"] == made["bootstrap"].inputs["volume_id"] == "vol-1"
    others = {name: one.imported for name, one in made.items() if one.imported}
    assert others == {"data-volume": "vol-1"}


def test_a_volume_from_a_snapshot_and_a_key_that_exists(key: Path) -> None:
    """Both only when they are named."""
    arn = "arn:aws:kms:us-east-1:123456789012:key/k"
    made = program(key, replace(BLANK, choice=restored(TAKEN, "how")), kmsKeyArn=arn)["data-volume"]
    assert (made.inputs["snapshotId"], made.inputs["kmsKeyId"], made.imported) == ("snap-1", arn, "")
    assert (made.request.retainOnDelete, made.ignored, made.inputs["encrypted"]) == (True, ALWAYS, True)


def test_the_host_asks_for_tokens_and_can_be_replaced(key: Path) -> None:
    """IMDSv2 over one hop; the old one goes first; its disks are no business of the instance's own."""
    host = program(key)["host-instance"]
    options = {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1}
    assert host.inputs["metadataOptions"] == options
    assert host.request.deleteBeforeReplace
    assert host.ignored == {"ami"}
    assert program(key, amiId="ami-2")["host-instance"].ignored == {"ami"}, "it is for the next host"
    assert not {"ebsBlockDevices", "volumeTags", "userDataReplaceOnChange"} & host.inputs.keys()
    assert host.inputs["iamInstanceProfile"] == "identity-profile"
    assert host.inputs["tags"][tags.HOST_KEY] == HOST_KEY["public_key"]
    assert [*host.request.hooks.on_error] == ["capacity"]
    assert (host.imported, host.request.retainOnDelete) == ("", False)


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
    head, _, said = first.partition("\n")
    keys = {"ed25519_private": HOST_KEY["private_key"], "ed25519_public": HOST_KEY["public_key"]}
    assert (head, json.loads(said)) == ("#cloud-config", {"ssh_deletekeys": True, "ssh_keys": keys})


def _user_data(all_of: Mapping[str, Registered]) -> str:
    given = all_of["host-instance"].request.object["userData"]
    assert "4dabf18193072939515e22adb298388d" in given, "the engine's signature of a secret"
    return str(given["value"])


def test_the_volume_is_detached_from_a_stopped_host_and_never_by_force(key: Path) -> None:
    """A mounted one would not let go; and one must be gone before another takes its device name."""
    attachment = program(key)["host-data"]
    place = {"deviceName": "/dev/sdf", "instanceId": "host-instance-id", "volumeId": "data-volume-id"}
    assert attachment.inputs == {**place, "stopInstanceBeforeDetaching": True}
    assert attachment.request.deleteBeforeReplace
    assert program(key, ADOPTED)["host-data"].inputs.items() >= {"instanceId": "host-instance-id"}.items()


LACK = ["… InsufficientInstanceCapacity: …"]
FORMATTED = {tags.FORMAT: "done:0b6a3a5e-3d6f-4f6b-9a55-7e1f0a9d6c11"}


def test_a_lack_of_capacity_names_the_other_zones() -> None:
    """And that the same command may be run again; other errors speak for themselves."""
    told = capacity.advice(LACK, settings(), replace(BLANK, offered=("us-east-1a", "us-east-1b", "us-east-1c")))
    assert "AWS has no g6e.xlarge free in us-east-1a now; us-east-1b, us-east-1c may have one. Nothing is lost" in told
    assert "`pulumi up` is safe to run again; to move: `pulumi destroy`" in told
    assert capacity.advice(["VcpuLimitExceeded"], settings(), BLANK) == ""


@pytest.mark.parametrize("what", [BLANK, ADOPTED])
def test_a_lack_of_capacity_where_there_is_nowhere_else(what: Found) -> None:
    """Nobody is sent to another zone; another type may be had."""
    told = capacity.advice(LACK, settings(), replace(what, offered=("us-east-1a",)))
    assert "free in us-east-1a now; no other zone of this region offers the type. Nothing is lost" in told
    assert told.endswith("to take another type: `pulumi config set instanceType TYPE`")
    assert "to move" not in told


@pytest.mark.parametrize(
    ("choice", "changed", "copied"),
    [
        (BLANK.choice, {}, False),
        (adopted(VOLUME, "how"), {}, False),
        (adopted(VOLUME, "how"), {"volumeId": "vol-1"}, True),
        (adopted(replace(VOLUME, tags=FORMATTED), "how"), {}, True),
        (adopted(replace(VOLUME, snapshot="snap-1"), "how"), {}, True),
        (restored(TAKEN, "how"), {}, True),
    ],
    ids=["a new one", "one that an earlier up made", "named", "formatted", "of a snapshot", "from a snapshot"],
)
def test_a_volume_that_was_never_formatted_is_not_copied_to_move(
    choice: Choice, changed: dict[str, str], copied: bool
) -> None:
    """A copy is made of a snapshot, so nothing would ever format it; what may hold data is always copied."""
    told = capacity.advice(LACK, settings(**changed), replace(BLANK, choice=choice))
    assert ("zagent cloud snapshot restore --zone ZONE" in told) is copied
    assert ("zagent cloud volume purge VOL_ID" in told) is not copied


@pytest.mark.parametrize(
    ("what", "changed"),
    [
        (BLANK, {}),
        (ADOPTED, {}),
        (replace(BLANK, choice=restored(TAKEN, "how")), {}),
        (BLANK, {"kmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/k"}),
        (BLANK, {"snapshotRoot": True}),
        (BLANK, {"sshCidrs": []}),
    ],
    ids=["blank", "adopted", "restored", "a key that exists", "snapshots of the system disk", "Session Manager"],
)
def test_no_stack_makes_a_key(key: Path, what: Found, changed: dict[str, Any]) -> None:
    """Of KMS: destroyed with the stack it would take the kept volume's data along."""
    made = program(key, what, **changed)
    assert not [name for name, one in made.items() if one.kind.startswith("aws:kms")]
    assert {"data-volume", "host-instance"} <= made.keys()


def test_what_people_and_scripts_ask_the_stack_for(key: Path) -> None:
    """By these names and no others."""
    outputs = ran(key).outputs
    assert outputs == {
        "instance_id": "host-instance-id",
        "host": COMPUTED["publicIp"],
        "host_key": HOST_KEY["public_key"],
        "ssh": f"ssh ubuntu@{COMPUTED['publicIp']}",
        "ssh_user": "ubuntu",
        "volume_id": "data-volume-id",
        "volume_zone": "us-east-1a",
        "volume_adopted": False,
        "snapshot_policy_id": "snapshots-data-id",
        "mount_point": "/data",
    }
    assert ran(key, ADOPTED).outputs == outputs | {"volume_id": "vol-1", "volume_adopted": True}
    closed = ran(key, sshCidrs=[]).outputs
    assert closed.keys() == outputs.keys()
    assert closed["host"] == "host-instance-id"
    assert closed["ssh"].startswith("ssh -o 'ProxyCommand=aws ssm start-session --target %h ")
    assert closed["ssh"].endswith(" ubuntu@host-instance-id")


def test_what_a_preview_tells_of_it(key: Path) -> None:
    """Before anything is made: which volume, where it is and where it will be mounted."""
    fixed = {"ssh_user": "ubuntu", "volume_zone": "us-east-1a", "mount_point": "/data"}
    not_yet = dict.fromkeys(("instance_id", "host", "host_key", "ssh", "snapshot_policy_id"), UNKNOWN)
    new = ran(key, preview=True).outputs
    assert new == {**fixed, **not_yet, "volume_id": UNKNOWN, "volume_adopted": False}
    there = ran(key, replace(ADOPTED, policy="policy-1"), preview=True).outputs
    assert there == new | {"volume_id": "vol-1", "volume_adopted": True, "snapshot_policy_id": "policy-1"}
