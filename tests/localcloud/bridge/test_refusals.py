"""What the bridge and the provider refuse, and in which words."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from tests.localcloud.bridge.conftest import VOLUME
from tests.localcloud.bridge.engine import Engine, Log
from tests.localcloud.bridge.lives import DETAILS, SCHEDULE
from tests.localcloud.cloud.region import REGION

INSTANCE = {"ami": "ami-1", "instanceType": "g6e.xlarge"}

pytestmark = pytest.mark.cloud


def _lifecycle(**changed: Any) -> dict[str, Any]:
    details = {**DETAILS, "schedules": [{**SCHEDULE, **changed}]}
    return {
        "description": "snapshots",
        "executionRoleArn": "arn:aws:iam::123456789012:role/r",
        "policyDetails": details,
    }


def test_a_type_that_is_not_served_is_named(engine: Engine) -> None:
    """The message says where the table of types is."""
    with pytest.raises(grpc.RpcError, match=r"does not serve aws:s3/bucket:Bucket: .*bridge/tokens\.py"):
        engine.check("aws:s3/bucket:Bucket", {})


def test_a_function_that_is_not_served_is_named(engine: Engine) -> None:
    """So with functions."""
    with pytest.raises(grpc.RpcError, match="does not serve aws:ec2/getVpc:getVpc"):
        engine.invoke("aws:ec2/getVpc:getVpc", {})


def test_a_property_that_the_older_provider_lacks_is_named(engine: Engine) -> None:
    """The program's SDK has it, version 5 of the provider has not: it is refused, not dropped."""
    found = engine.check("aws:ebs/volume:Volume", {**VOLUME, "volumeInitializationRate": 100})
    assert list(found) == ["volumeInitializationRate"]
    assert found["volumeInitializationRate"].startswith("there is no such property in version 5.")


@pytest.mark.parametrize(
    ("kind", "inputs", "path", "reason"),
    [
        ("aws:ebs/volume:Volume", {**VOLUME, "throughput": 1}, "throughput", "expected throughput to be"),
        ("aws:ebs/volume:Volume", {"size": 1}, "availabilityZone", "availability_zone"),
        (
            "aws:ec2/instance:Instance",
            {**INSTANCE, "metadataOptions": {"httpTokens": "perhaps"}},
            "metadataOptions.httpTokens",
            "expected http_tokens to be one of",
        ),
        (
            "aws:ec2/instance:Instance",
            {**INSTANCE, "ebsBlockDevices": [{"deviceName": "/dev/sdb", "volumeType": "gp9"}]},
            "ebsBlockDevices",
            "volume_type",
        ),
        (
            "aws:dlm/lifecyclePolicy:LifecyclePolicy",
            _lifecycle(retainRule={"count": 0}),
            "policyDetails.schedules[0].retainRule.count",
            "to be in the range (1 - 1000), got 0",
        ),
        (
            "aws:dlm/lifecyclePolicy:LifecyclePolicy",
            _lifecycle(retainRule={"count": "some"}),
            "policyDetails.schedules[0].retainRule.count",
            "a number is expected here, not 'some'",
        ),
        ("aws:iam/role:Role", {"assumeRolePolicy": "{"}, "assumeRolePolicy", "invalid JSON"),
        ("aws:ssm/parameter:Parameter", {"name": {}, "type": "String", "value": "x"}, "name", "a string is expected"),
        ("aws:ebs/volume:Volume", {**VOLUME, "size": "big"}, "size", "a number is expected here, not 'big'"),
        ("aws:ebs/volume:Volume", {**VOLUME, "tags": ["a"]}, "tags", "an object is expected here, not ['a']"),
        ("aws:ebs/volume:Volume", {**VOLUME, "region": "eu-west-1"}, "region", f"serves one region, {REGION}"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isalpha() else "",
)
def test_a_bad_value_is_named(engine: Engine, kind: str, inputs: dict[str, Any], path: str, reason: str) -> None:
    """The reason is the provider's own where the schema has a place for the value; the path is by Pulumi's names."""
    found = engine.check(kind, inputs)
    assert [one for one in found if one.startswith(path)] == list(found)
    assert all(reason in one for one in found.values()), found
    assert found


def test_good_inputs_pass(engine: Engine) -> None:
    """So do values that Pulumi's SDKs let be given as text, and the provider's own region."""
    assert not engine.check("aws:ebs/volume:Volume", {**VOLUME, "size": "1", "encrypted": "true", "region": REGION})


def test_a_warning_is_shown_once(engine: Engine, log: Log) -> None:
    """With the property's name; the inputs are good all the same, however often they are checked."""
    for _ in range(2):
        assert not engine.check("aws:ec2/instance:Instance", {**INSTANCE, "cpuCoreCount": 2})
    (warning,) = [one for one in log.warnings if one.startswith("cpuCoreCount: ")]
    assert "deprecated" in warning


def test_a_configuration_without_region_is_refused(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the stack nor the shell says one: the reason has the command that does."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    assert "pulumi config set aws:region" in engine.check_configuration({})["region"]
    assert not engine.check_configuration({"region": REGION, "version": "7.51.1", "skipMetadataApiCheck": "true"})


def test_a_configuration_that_the_provider_does_not_have_is_refused(engine: Engine) -> None:
    """A misspelt key of the stack is no silence."""
    assert "there is no such property" in engine.check_configuration({"region": REGION, "regoin": "x"})["regoin"]
