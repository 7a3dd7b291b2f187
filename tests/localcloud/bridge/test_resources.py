"""The life of a resource: each call of the engine, on the real provider."""

from __future__ import annotations

import grpc
import pytest
from pulumi.runtime.rpc import UNKNOWN

from tests.localcloud.bridge.conftest import VOLUME
from tests.localcloud.bridge.engine import Engine, Made, left
from tests.localcloud.bridge.refusing import refused
from tests.localcloud.cloud import api
from tests.localcloud.cloud.region import REGION

GROUP = "aws:ec2/securityGroup:SecurityGroup"

pytestmark = pytest.mark.cloud


def test_a_created_resource_has_its_outputs(volume: Made) -> None:
    """It is there under the id of the answer; the outputs have what was asked for, what AWS says, and the region."""
    assert api.ec2().volumes[volume.id].size == 1
    assert volume.outputs.items() >= VOLUME.items()
    assert volume.outputs["arn"].endswith(volume.id)
    assert volume.outputs["region"] == REGION


def test_the_same_inputs_change_nothing(engine: Engine, volume: Made) -> None:
    """A second `up` of the same program has nothing to do."""
    found = engine.diff(volume, VOLUME)
    assert found.changes == found.DIFF_NONE
    assert not found.diffs


def test_a_preview_knows_what_is_not_known_yet(engine: Engine) -> None:
    """Nothing is made; what hangs on an unknown input or on the creation is unknown, the rest is not."""
    before = set(api.ec2().volumes)
    made = engine.create("aws:ebs/volume:Volume", {**VOLUME, "availabilityZone": UNKNOWN}, preview=True)
    assert not made.id
    assert made.outputs["availabilityZone"] == made.outputs["arn"] == made.outputs["id"] == UNKNOWN
    assert made.outputs["size"] == 1
    assert set(api.ec2().volumes) == before


def test_a_preview_tells_no_user_data(engine: Engine) -> None:
    """The provider keeps a digest of it in the state; its notes for the creation, with the data, are not shown."""
    inputs = {"ami": "ami-1", "instanceType": "g6e.xlarge", "userData": "the host's private key"}
    made = engine.create("aws:ec2/instance:Instance", inputs, preview=True)
    assert "private key" not in str(made.outputs)


def test_an_import_gives_the_inputs_of_what_is_there(engine: Engine, volume: Made) -> None:
    """A resource read by its id needs no change: neither with the inputs read, nor with those that it was made of."""
    found = engine.find("aws:ebs/volume:Volume", volume.id)
    assert found.id == volume.id
    assert found.inputs.items() >= VOLUME.items()
    assert not engine.check(found.kind, found.inputs)
    for inputs in (found.inputs, VOLUME):
        assert not engine.diff(found, inputs).diffs


def test_an_import_of_what_is_not_there_finds_nothing(engine: Engine) -> None:
    """The engine then says that the resource does not exist."""
    assert not engine.find("aws:ebs/volume:Volume", "vol-00000000000000000").id


def test_an_update_changes_the_resource(engine: Engine) -> None:
    """The change reaches AWS under the same id; afterwards nothing is left to do."""
    made = engine.create(GROUP, {"name": "updated", "tags": {"a": "1"}})
    changed = engine.update(made, {"name": "updated", "tags": {"a": "2"}})
    assert [(one["key"], one["value"]) for one in api.ec2().describe_tags({"resource-id": [made.id]})] == [("a", "2")]
    assert changed.outputs["tags"] == {"a": "2"}
    assert not engine.diff(changed, changed.inputs).diffs


def test_a_refresh_shows_what_someone_else_changed(engine: Engine) -> None:
    """Outputs and inputs then tell what is there, so that the program's own inputs are a change."""
    made = engine.create(GROUP, {"name": "drifted", "tags": {"a": "1"}})
    api.ec2().create_tags([made.id], {"a": "another's"})
    found = engine.refresh(made)
    assert found.outputs["tags"] == found.inputs["tags"] == {"a": "another's"}
    assert found.inputs["name"] == "drifted"
    assert list(engine.diff(found, made.inputs).detailedDiff) == ["tags.a"]


def test_a_deleted_resource_is_gone(engine: Engine) -> None:
    """Only the one that was asked for; a refresh of a resource that is gone finds none."""
    made, other = (engine.create(GROUP, {"name": name}) for name in ("deleted", "kept"))
    engine.delete(made)
    assert not engine.refresh(made).id
    assert engine.refresh(other).id == other.id


# Safety contract of Bridge.Delete: the id of the state is the one that goes, and only what AWS lets go is gone.
def test_what_aws_refuses_to_delete_stays(engine: Engine) -> None:
    """The error has AWS's reason, and the resource is there."""
    made = engine.create(GROUP, {"name": "held"})
    with refused("delete_security_group"), pytest.raises(grpc.RpcError) as caught:
        engine.delete(made)
    assert "on purpose" in caught.value.details()
    assert engine.refresh(made).id == made.id


def test_a_creation_that_fails_halfway_is_kept_and_replaced(engine: Engine) -> None:
    """AWS made a group, then refused the next step: the engine gets the group's id, and the next diff replaces it."""
    with refused("revoke_security_group_egress"), pytest.raises(grpc.RpcError) as caught:
        engine.create(GROUP, {"name": "half"})
    assert "on purpose" in caught.value.details()
    half = engine.refresh(left(caught.value, GROUP))
    assert half.outputs["name"] == "half"
    found = engine.diff(half, {"name": "half"})
    assert found.changes == found.DIFF_SOME
    assert list(found.replaces) == ["id"]
    engine.delete(half)
    assert not engine.refresh(half).id


def test_an_update_that_fails_is_not_taken_for_done(engine: Engine) -> None:
    """The outputs that the engine keeps tell how far it went: the change is still to be made, in place."""
    made = engine.create(GROUP, {"name": "changing"})
    wanted = {"name": "changing", "tags": {"a": "1"}}
    with refused("create_tags"), pytest.raises(grpc.RpcError) as caught:
        engine.update(made, wanted)
    found = engine.diff(left(caught.value, GROUP), wanted)
    assert list(found.diffs) == ["tags"]
    assert not found.replaces
