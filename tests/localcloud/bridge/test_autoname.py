"""Names that the program leaves open."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pulumi.runtime.proto.provider_pb2 import CheckRequest
from pulumi.runtime.rpc import UNKNOWN

from tests.localcloud.bridge.engine import Engine
from tests.localcloud.bridge.lives import KEY, TRUST

ROLE = "aws:iam/role:Role"
OPEN = {"assumeRolePolicy": TRUST}
Mode = CheckRequest.AutonamingOptions

pytestmark = pytest.mark.cloud


@pytest.mark.parametrize(
    ("kind", "inputs", "name"),
    [
        (ROLE, OPEN, "name"),
        ("aws:iam/rolePolicy:RolePolicy", {"role": "r", "policy": TRUST}, "name"),
        ("aws:iam/instanceProfile:InstanceProfile", {}, "name"),
        ("aws:ec2/securityGroup:SecurityGroup", {}, "name"),
        ("aws:ec2/keyPair:KeyPair", {"publicKey": KEY}, "keyName"),
        ("aws:ssm/parameter:Parameter", {"type": "String", "value": "x"}, "name"),
    ],
)
def test_it_is_the_resources_own_with_seven_digits(engine: Engine, kind: str, inputs: Any, name: str) -> None:
    """As pulumi-aws has it, also where the provider requires one."""
    found = engine.checked(kind, inputs, name="web")
    assert re.fullmatch("web-[0-9a-f]{7}", found.pop(name))
    assert found == {**inputs, "__defaults": [name]}


def test_each_time_it_is_another(engine: Engine) -> None:
    """So a replacement can be made beside what it replaces; a seed makes it the same, as a plan wants it."""
    names = {engine.checked(ROLE, OPEN, name="web", randomSeed=seed)["name"] for seed in (b"", b"", b"1", b"1", b"2")}
    assert len(names) == 4


@pytest.mark.parametrize("given", [{"name": "mine"}, {"namePrefix": "my"}, {"name": UNKNOWN}])
def test_what_the_program_says_stays(engine: Engine, given: dict[str, str]) -> None:
    """A name, a beginning of one, or one that is not known yet."""
    assert engine.checked(ROLE, {**OPEN, **given}, name="web") == {**OPEN, **given}


def test_a_resource_keeps_it(engine: Engine) -> None:
    """An update is no new resource; but a name that the program once gave, and does no more, is not kept."""
    before = engine.checked(ROLE, OPEN, name="web")
    assert engine.checked(ROLE, OPEN, before, name="web") == before
    assert engine.checked(ROLE, OPEN, {**OPEN, "name": "mine"}, name="web")["name"].startswith("web-")


def test_the_stack_may_say_how_names_are_made(engine: Engine) -> None:
    """The engine then proposes one, or wants none to be made up."""
    asked = Mode(proposed_name="web-of-mine", mode=Mode.ENFORCE)
    assert engine.checked(ROLE, OPEN, name="web", autonaming=asked)["name"] == "web-of-mine"
    refused = engine.check(ROLE, OPEN, autonaming=Mode(mode=Mode.DISABLE))
    assert "the program has to give one" in refused["name"]


def test_what_has_no_name_gets_none(engine: Engine) -> None:
    """Nor does one that AWS names."""
    assert engine.checked("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16"}, name="web") == {"cidrBlock": "10.0.0.0/16"}
