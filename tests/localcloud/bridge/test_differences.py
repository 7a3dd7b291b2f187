"""What other inputs would do to a resource: the provider's verdict, in the engine's words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pulumi.runtime.proto.provider_pb2 import PropertyDiff
from pulumi.runtime.rpc import UNKNOWN

from tests.localcloud.bridge.conftest import VOLUME
from tests.localcloud.bridge.engine import Engine, Made
from tests.localcloud.bridge.lives import DETAILS, SCHEDULE, TRUST, Lives, document
from tests.localcloud.cloud.region import REGION

SSH = {"fromPort": 22, "toPort": 22, "protocol": "tcp", "cidrBlocks": ["10.0.0.0/8"]}
WEB = {"fromPort": 80, "toPort": 80, "protocol": "tcp", "cidrBlocks": ["0.0.0.0/0"]}

pytestmark = pytest.mark.cloud


def test_another_size_is_a_change_in_place(engine: Engine, volume: Made) -> None:
    """EBS grows a volume where it is."""
    found = engine.diff(volume, {**VOLUME, "size": 2})
    assert found.changes == found.DIFF_SOME
    assert not found.replaces
    assert {path: one.kind for path, one in found.detailedDiff.items()} == {"size": PropertyDiff.UPDATE}


@pytest.mark.parametrize(
    ("name", "changed", "replaces"),
    [
        ("volume", {"availabilityZone": f"{REGION}b"}, True),
        ("volume", {"encrypted": True}, True),
        ("volume", {"snapshotId": "snap-0123456789abcdef0"}, True),
        ("volume", {"size": 2}, False),
        ("volume", {"throughput": 250}, False),
        ("volume", {"iops": 4000}, False),
        ("volume", {"type": "io2", "iops": 4000}, False),
        ("volume", {"tags": {"of": "nobody"}}, False),
        ("instance", {"instanceType": "g6e.2xlarge"}, False),
        ("instance", {"metadataOptions": {"httpTokens": "optional"}}, False),
        ("instance", {"ami": "ami-0123456789abcdef0"}, True),
        ("instance", {"subnetId": "subnet-0123456789abcdef0"}, True),
        ("snapshot", {"description": "part of it"}, True),
        ("snapshot", {"tags": {}}, False),
        ("role", {"assumeRolePolicy": document(Principal={"Service": "dlm.amazonaws.com"}, Action="*")}, False),
        ("role", {"name": "another"}, True),
        ("lifecycle", {"state": "DISABLED"}, False),
        ("lifecycle", {"policyDetails": {**DETAILS, "schedules": [{**SCHEDULE, "retainRule": {"count": 8}}]}}, False),
        ("parameter", {"value": "shut"}, False),
    ],
    ids=str,
)
def test_what_a_change_costs(engine: Engine, lives: Lives, name: str, changed: dict[str, Any], replaces: bool) -> None:
    """A replacement loses the data of a volume, so the plan has to say which it is; nothing is changed here."""
    made = lives[name]
    found = engine.diff(made, {**made.inputs, **changed})
    assert set(found.diffs) == changed.keys()
    assert bool(found.replaces) is replaces


def test_a_change_in_a_list_is_shown_where_it_is(engine: Engine, lives: Lives) -> None:
    """Not as another list; beside it, what the provider only writes down in another way is no change."""
    made = lives["lifecycle"]
    details = {**DETAILS, "schedules": [{**SCHEDULE, "retainRule": {"count": 8}}]}
    found = engine.diff(made, {**made.inputs, "policyDetails": details})
    assert set(found.detailedDiff) == {"policyDetails.schedules[0].retainRule.count"}


def test_the_order_in_a_document_does_not_count(engine: Engine, lives: Lives) -> None:
    """Policies are JSON; AWS has its own spacing and order, and pulumi-aws takes objects, too."""
    role = lives["role"]
    assert not engine.diff(role, {**role.inputs, "assumeRolePolicy": json.loads(TRUST)}).diffs


def test_a_name_that_the_program_gives_is_freed_first(engine: Engine, lives: Lives) -> None:
    """Its replacement could not be made beside it; a volume has no name, so there the new one comes first."""
    role, volume = lives["role"], lives["volume"]
    assert engine.diff(role, {**role.inputs, "path": "/elsewhere/"}).deleteBeforeReplace
    assert not engine.diff(role, {**role.inputs, "path": "/elsewhere/", "__defaults": ["name"]}).deleteBeforeReplace
    assert not engine.diff(volume, {**volume.inputs, "encrypted": True}).deleteBeforeReplace


def test_another_zone_is_a_replacement(engine: Engine, volume: Made) -> None:
    """A volume can't move to another zone: the data would be lost, so the engine has to know."""
    found = engine.diff(volume, {**VOLUME, "availabilityZone": f"{REGION}b"})
    assert list(found.replaces) == ["availabilityZone"]
    assert found.detailedDiff["availabilityZone"].kind == PropertyDiff.UPDATE_REPLACE


def test_a_zone_that_is_not_known_yet_may_be_a_replacement(engine: Engine, volume: Made) -> None:
    """In a preview the worst is shown."""
    assert list(engine.diff(volume, {**VOLUME, "availabilityZone": UNKNOWN}).replaces) == ["availabilityZone"]


@pytest.mark.parametrize("ignored", ["availabilityZone", "*"])
def test_an_ignored_change_is_none(engine: Engine, volume: Made, ignored: str) -> None:
    """`ignoreChanges` holds for a replacement, too."""
    found = engine.diff(volume, {**VOLUME, "availabilityZone": f"{REGION}b"}, [ignored])
    assert found.changes == found.DIFF_NONE
    assert not found.replaces


def test_another_change_than_the_ignored_one_counts(engine: Engine, volume: Made) -> None:
    """Of two changes the other one is left; so with one key of a map."""
    inputs = {**VOLUME, "size": 2, "tags": {"of": "another", "new.one": "x"}}
    assert set(engine.diff(volume, inputs, ["size"]).detailedDiff) == {"tags.of", 'tags["new.one"]'}
    assert set(engine.diff(volume, inputs, ["size", "tags.of"]).detailedDiff) == {'tags["new.one"]'}


def test_what_is_added_and_what_is_removed(engine: Engine, volume: Made) -> None:
    """They are told apart from what only changes."""
    inputs = {"availabilityZone": f"{REGION}a", "size": 1, "type": "gp3", "finalSnapshot": True}
    found = {path: one.kind for path, one in engine.diff(volume, inputs).detailedDiff.items()}
    assert found == {"finalSnapshot": PropertyDiff.UPDATE, "tags.of": PropertyDiff.DELETE}


@pytest.fixture(scope="module")
def group(engine: Engine) -> Made:
    """A security group with two rules, which the provider has as a set."""
    return engine.create("aws:ec2/securityGroup:SecurityGroup", {"name": "ruled", "ingress": [SSH, WEB]})


def test_the_order_of_a_set_does_not_count(engine: Engine, group: Made) -> None:
    """AWS answers the rules in an order of its own."""
    assert not engine.diff(group, {"name": "ruled", "ingress": [WEB, SSH]}).diffs


def test_another_element_of_a_set_counts(engine: Engine, group: Made) -> None:
    """A rule more, and a rule that differs deep inside."""
    for rules in ([SSH, WEB, {**WEB, "fromPort": 81, "toPort": 81}], [{**SSH, "cidrBlocks": ["10.0.0.1/32"]}, WEB]):
        found = engine.diff(group, {"name": "ruled", "ingress": rules})
        assert list(found.diffs) == ["ingress"]
        assert not found.replaces
