"""Questions to the provider's data sources."""

from __future__ import annotations

import json

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID

from tests.localcloud.bridge.engine import Engine, Made
from tests.localcloud.bridge.lives import Lives
from tests.localcloud.bridge.values import SECRET, SIGNATURE
from tests.localcloud.cloud.ec2.image import AMI_ID, PARAMETER
from tests.localcloud.cloud.region import REGION

pytestmark = pytest.mark.cloud


def _tagged(value: str) -> dict[str, object]:
    return {"filters": [{"name": "tag:of", "values": [value]}]}


def test_a_match_is_answered(engine: Engine, volume: Made) -> None:
    """The ids of what the filter matches, and the region that was asked."""
    found, failures = engine.invoke("aws:ebs/getEbsVolumes:getEbsVolumes", _tagged("the tests"))
    assert not failures
    assert found["ids"] == [volume.id]
    assert found["region"] == REGION


def test_no_match_of_a_list_is_an_empty_list(engine: Engine) -> None:
    """A program can ask whether something is there."""
    found, failures = engine.invoke("aws:ebs/getEbsVolumes:getEbsVolumes", _tagged("nobody"))
    assert found["ids"] == failures == []


def test_no_match_of_one_is_a_failure(engine: Engine) -> None:
    """In the provider's own words, which the program sees as an exception."""
    found, failures = engine.invoke("aws:ebs/getVolume:getVolume", _tagged("nobody"))
    assert not found
    assert failures == ["Your query returned no results. Please change your search criteria and try again."]


def test_bad_arguments_are_a_failure(engine: Engine) -> None:
    """Nothing is asked of AWS."""
    _, failures = engine.invoke("aws:ec2/getInstanceType:getInstanceType", {"instanceKind": "g6e.xlarge"})
    assert len(failures) == 1
    assert "there is no such property" in failures[0]


def test_an_answer_has_its_nested_values(engine: Engine) -> None:
    """Sets of objects are lists of objects, under pulumi-aws's names."""
    found, failures = engine.invoke("aws:ec2/getInstanceType:getInstanceType", {"instanceType": "g6e.xlarge"})
    assert not failures
    assert [(one["name"], one["count"]) for one in found["gpuses"]] == [("L40S", 1)]


def test_the_region_its_zones_and_the_account_are_known(engine: Engine) -> None:
    """What programs ask to name things: nothing has to be given."""
    region, _ = engine.invoke("aws:index/getRegion:getRegion", {})
    assert region["region"] == REGION
    zones, _ = engine.invoke("aws:index/getAvailabilityZones:getAvailabilityZones", {"state": "available"})
    assert f"{REGION}a" in zones["names"]
    account, _ = engine.invoke("aws:index/getCallerIdentity:getCallerIdentity", {})
    assert account["accountId"] == DEFAULT_ACCOUNT_ID
    partition, _ = engine.invoke("aws:index/getPartition:getPartition", {})
    assert (partition["partition"], partition["dnsSuffix"]) == ("aws", "amazonaws.com")


def test_snapshots_are_found(engine: Engine, lives: Lives) -> None:
    """All ids, and what there is to know of the newest."""
    asked = {"owners": ["self"], **_tagged("the tests")}
    found, _ = engine.invoke("aws:ebs/getSnapshotIds:getSnapshotIds", asked)
    assert found["ids"] == [lives["snapshot"].id]
    newest, _ = engine.invoke("aws:ebs/getSnapshot:getSnapshot", {"mostRecent": True, **asked})
    assert (newest["id"], newest["volumeId"], newest["state"]) == (found["ids"][0], lives["volume"].id, "completed")


def test_a_policy_document_is_made(engine: Engine) -> None:
    """As text, in IAM's own form, from statements in Pulumi's."""
    condition = {"test": "StringEquals", "variable": "ec2:ResourceTag/of", "values": ["the tests"]}
    statement = {"actions": ["ec2:AttachVolume"], "resources": ["*"], "conditions": [condition]}
    found, failures = engine.invoke("aws:iam/getPolicyDocument:getPolicyDocument", {"statements": [statement]})
    assert not failures
    assert json.loads(found["json"])["Statement"] == [
        {
            "Effect": "Allow",
            "Action": "ec2:AttachVolume",
            "Resource": "*",
            "Condition": {"StringEquals": {"ec2:ResourceTag/of": "the tests"}},
        }
    ]


def test_a_secret_answer_stays_secret(engine: Engine) -> None:
    """What the provider's schema calls sensitive comes as a secret, so the engine encrypts it in the state."""
    found, _ = engine.invoke("aws:ssm/getParameter:getParameter", {"name": PARAMETER})
    assert found["value"] == {SIGNATURE: SECRET, "value": AMI_ID}
    assert found["name"] == PARAMETER
