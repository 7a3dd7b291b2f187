"""What takes the snapshots, and what anybody may do."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from botocore.validate import ParamValidator

from infra import tags
from infra.account.caller import Caller
from infra.components import documents
from tests.components.programs import BLANK, ME, program, ran
from tests.components.requests import COMPUTED


@pytest.mark.parametrize(("account", "service"), [("aws", "amazonaws.com"), ("aws-cn", "amazonaws.com.cn")])
def test_a_role_has_what_was_linted_and_no_more(key: Path, account: str, service: str) -> None:
    """The host's: one document of its own; the snapshots': AWS's own policy. Nothing else is granted to anybody."""
    caller = Caller("123456789012", ME.replace("arn:aws:", f"arn:{account}:"))
    made = program(key, replace(BLANK, caller=caller))
    granted = [name for name, one in made.items() if one.kind.startswith("aws:iam/rolePolicy")]
    assert granted == ["identity-sessions", "snapshots-may"]
    own, theirs = made["identity-sessions"].inputs, made["snapshots-may"].inputs
    assert (own["role"], own["policy"]) == ("identity-role-id", documents.sessions(caller, "us-east-1"))
    assert theirs["policyArn"] == f"arn:{account}:iam::aws:policy/service-role/AWSDataLifecycleManagerServiceRole"
    assert theirs["role"] == "snapshots-role"
    trusted = {name: made[name].inputs["assumeRolePolicy"] for name in ("identity-role", "snapshots-role")}
    assert trusted["identity-role"] == documents.trust(f"ec2.{service}")
    assert trusted["snapshots-role"] == documents.trust("dlm.amazonaws.com", "123456789012")
    assert not any("managedPolicyArns" in one.inputs or "inlinePolicies" in one.inputs for one in made.values())


def test_snapshots_are_daily_and_seven_stay(key: Path) -> None:
    """Of what carries a tag that nothing else has; a policy that is there already is adopted."""
    policy = program(key)["snapshots-data"]
    daily = {
        "name": "daily",
        "createRule": {"interval": 24, "intervalUnit": "HOURS", "times": "03:00"},
        "retainRule": {"count": 7},
        "copyTags": True,
        "tagsToAdd": {tags.KIND: "daily"},
    }
    target = {tags.SNAPSHOTS: "zagent/dev"}
    details = {"resourceTypes": ["VOLUME"], "targetTags": target, "schedules": [daily]}
    assert policy.inputs["policyDetails"] == details
    assert policy.inputs["executionRoleArn"] == COMPUTED["arn"]
    assert (policy.inputs["state"], policy.imported) == ("ENABLED", "")
    assert program(key, replace(BLANK, policy="policy-1"))["snapshots-data"].imported == "policy-1"


def test_the_system_disk_is_snapshotted_only_when_asked(key: Path) -> None:
    """By a policy of its own."""
    assert "snapshots-root" not in program(key)
    policy = program(key, snapshotRoot=True, snapshotKeep=3)["snapshots-root"].inputs["policyDetails"]
    assert policy["targetTags"] == {tags.SNAPSHOTS: "zagent/dev/root"}
    assert policy["schedules"][0]["retainRule"] == {"count": 3}
    there = program(key, replace(BLANK, policy="policy-1", root_policy="policy-2"), snapshotRoot=True)
    assert [there[f"snapshots-{one}"].imported for one in ("data", "root")] == ["policy-1", "policy-2"]


@pytest.mark.parametrize("stack", ["dev", "a.b", "x" * 100])
def test_dlm_takes_a_policys_description(key: Path, stack: str) -> None:
    """Whatever the stack's name: letters, digits, blanks, _ and -, 500 at most (DLM's PolicyDescription)."""
    made = [one for one in ran(key, stack=stack, snapshotRoot=True).kept if one.kind.endswith(":LifecyclePolicy")]
    assert {one.name for one in made} == {"snapshots-data", "snapshots-root"}
    for one in made:
        assert re.fullmatch(r"[0-9A-Za-z _-]{1,500}", one.inputs["description"])
        target = one.inputs["policyDetails"]["targetTags"][tags.SNAPSHOTS]
        assert target.startswith(f"zagent/{stack}"), "two stacks of one description are told apart"


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
