"""The life of a resource of each type: made, looked at again, taken over by another stack, and gone in the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import boto3
import pytest

from tests.localcloud.bridge.engine import Engine, Made
from tests.localcloud.bridge.lives import LIVES, POLICY, Lives
from tests.localcloud.bridge.tokens import RESOURCES
from tests.localcloud.bridge.values import SECRET, SIGNATURE, opened
from tests.localcloud.cloud import api
from tests.localcloud.cloud.region import REGION

UNTOLD: Final[Mapping[str, set[str]]] = {"key": {"publicKey"}, "instance": {"userData"}}
"""What AWS, or the provider, does not tell of a resource: a program that takes it over has to say it again."""

ATTACHMENT: Final = "aws:ec2/volumeAttachment:VolumeAttachment"
POLICY_ATTACHMENT: Final = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"

pytestmark = pytest.mark.cloud


def test_all_types_are_here() -> None:
    """Those that take long to make, or whose import id is another, have a test of their own below."""
    assert {kind for kind, _ in LIVES.values()} == set(RESOURCES) - {ATTACHMENT, POLICY_ATTACHMENT}


@pytest.mark.parametrize("name", LIVES)
def test_a_refresh_finds_nothing_new(engine: Engine, lives: Lives, name: str) -> None:
    """A second `up` of the same program has nothing to do, nor has one after a refresh."""
    made = lives[name]
    found = engine.refresh(made)
    assert found.id == made.id
    assert opened(found.inputs) == made.inputs
    for known in (made, found):
        assert not engine.diff(known, made.inputs).diffs


IDENTITIES: Final[Mapping[str, str]] = {"route": "{table}_0.0.0.0/0", "association": "{subnet}/{table}"}
"""By what a resource is imported, where that is not its id."""


@pytest.mark.parametrize("name", LIVES)
def test_an_import_changes_nothing(engine: Engine, lives: Lives, name: str) -> None:
    """The inputs read are valid; neither they nor those of the program that made it would change anything."""
    made = lives[name]
    ids = {other: lives[other].id for other in ("table", "subnet")}
    found = engine.find(made.kind, IDENTITIES.get(name, made.id).format(**ids))
    assert found.id == made.id
    _takes_over(engine, found, made, UNTOLD.get(name, set()))


def _takes_over(engine: Engine, found: Made, made: Made, untold: set[str]) -> None:
    assert not untold & found.inputs.keys()
    assert set(engine.check(found.kind, found.inputs)) <= untold
    assert set(engine.diff(found, found.inputs).diffs) <= untold | {"userDataReplaceOnChange"}
    assert set(engine.diff(found, made.inputs).diffs) <= untold


def test_an_import_of_a_secret_is_secret(engine: Engine, lives: Lives) -> None:
    """Among the inputs, too, so that no state shows it."""
    found = engine.find(lives["secret"].kind, lives["secret"].id)
    for properties in (found.inputs, found.outputs, lives["secret"].outputs):
        assert properties["value"] == {SIGNATURE: SECRET, "value": "hush"}


def test_an_import_leaves_out_what_is_deprecated(engine: Engine, lives: Lives) -> None:
    """An address has `vpc` beside `domain`, a role has its inline policies beside those that are resources."""
    assert "vpc" not in engine.find(lives["address"].kind, lives["address"].id).inputs
    assert lives["policy"].id
    assert "inlinePolicies" not in engine.find(lives["role"].kind, lives["role"].id).inputs


def test_an_attachment_is_imported(engine: Engine, lives: Lives) -> None:
    """By device, volume and instance; AWS made it, which takes the provider half a minute."""
    volume, instance = api.ec2().create_volume(1, f"{REGION}a").id, lives["instance"].id
    api.ec2().attach_volume(volume, instance, "/dev/sdf")
    found = engine.find(ATTACHMENT, f"/dev/sdf:{volume}:{instance}")
    inputs = {"deviceName": "/dev/sdf", "volumeId": volume, "instanceId": instance}
    _takes_over(engine, found, Made(ATTACHMENT, found.id, inputs, {}), set())


def test_a_policys_attachment_lives(engine: Engine, lives: Lives, api_variables: dict[str, str]) -> None:
    """It is imported by the names of both, and has an id of its own when it is made."""
    url = api_variables["AWS_ENDPOINT_URL"]
    iam = boto3.client("iam", REGION, endpoint_url=url, aws_access_key_id="x", aws_secret_access_key="y")
    arn = iam.create_policy(PolicyName="lives", PolicyDocument=POLICY)["Policy"]["Arn"]
    made = engine.create(POLICY_ATTACHMENT, {"role": lives["role"].id, "policyArn": arn})
    assert not engine.diff(engine.refresh(made), made.inputs).diffs
    _takes_over(engine, engine.find(POLICY_ATTACHMENT, f"{lives['role'].id}/{arn}"), made, set())
    engine.delete(made)
    assert not engine.refresh(made).id
