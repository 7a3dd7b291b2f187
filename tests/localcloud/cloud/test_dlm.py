"""Data Lifecycle Manager, which moto lacks, as boto3 sees it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.localcloud.cloud import api
from tests.localcloud.cloud.region import REGION
from tests.localcloud.waiting import until

if TYPE_CHECKING:
    from types_boto3_dlm import DLMClient
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import SnapshotTypeDef, TagSpecificationTypeDef, TagTypeDef

Part = Any
"""A part of a request: what is wrong on purpose has no type."""

ROLE = "arn:aws:iam::123456789012:role/lifecycle"
TARGET: TagTypeDef = {"Key": "of", "Value": "the tests"}


@pytest.fixture
def dlm(endpoint: str) -> DLMClient:
    """A client that leaves it to the service to refuse what is wrong."""
    trusting = Config(parameter_validation=False)
    keys = boto3.Session("x", "y", region_name=REGION)
    return keys.client("dlm", endpoint_url=endpoint, config=trusting)


def schedule(**more: Any) -> Part:
    """A schedule that keeps two daily snapshots."""
    rule = {"Interval": 24, "IntervalUnit": "HOURS", "Times": ["03:00"]}
    return {"Name": "daily", "CreateRule": rule, "RetainRule": {"Count": 2}, **more}


def details(*schedules: Part, **more: Any) -> Part:
    """The PolicyDetails of a policy for volumes with the target tag."""
    return {
        "ResourceTypes": ["VOLUME"],
        "TargetTags": [TARGET],
        "Schedules": list(schedules) or [schedule()],
        **more,
    }


def request(**more: Any) -> Part:
    """A request for a policy."""
    return {"ExecutionRoleArn": ROLE, "Description": "d", "State": "ENABLED", "PolicyDetails": details(), **more}


def make(dlm: DLMClient, **more: Any) -> str:
    """Create a policy; its id."""
    return dlm.create_lifecycle_policy(**request(**more))["PolicyId"]


def refused(call: Callable[[], object], code: str = "InvalidRequestException") -> str:
    """The message with which AWS refuses a call."""
    with pytest.raises(ClientError) as caught:
        call()
    assert caught.value.response["Error"]["Code"] == code
    return caught.value.response["Error"]["Message"]


def test_a_policy_is_shown_as_it_was_made_and_completed(dlm: DLMClient) -> None:
    """With the defaults that AWS writes into it, its ARN, and its dates."""
    policy = dlm.get_lifecycle_policy(PolicyId=make(dlm, Tags={"a": "1"}))["Policy"]
    assert policy["PolicyArn"] == f"arn:aws:dlm:{REGION}:123456789012:policy/{policy['PolicyId']}"
    assert (policy["State"], policy["StatusMessage"], policy["DefaultPolicy"]) == ("ENABLED", "ENABLED", False)
    assert (policy["ExecutionRoleArn"], policy["Description"], policy["Tags"]) == (ROLE, "d", {"a": "1"})
    assert abs(policy["DateCreated"] - policy["DateModified"]) < timedelta(seconds=1)
    [made] = policy["PolicyDetails"]["Schedules"]
    assert made == schedule(CopyTags=False, CreateRule={**schedule()["CreateRule"], "Location": "CLOUD"})
    assert policy["PolicyDetails"]["PolicyType"] == "EBS_SNAPSHOT_MANAGEMENT"
    assert policy["PolicyDetails"]["ResourceLocations"] == ["CLOUD"]


def test_a_cron_expression_takes_the_place_of_an_interval(dlm: DLMClient) -> None:
    """AWS selects no time then; but without either it does."""
    cron = {"CronExpression": "cron(0 3 * * ? *)"}
    hours = {"Interval": 12, "IntervalUnit": "HOURS"}
    wanted = details(schedule(CreateRule=cron), schedule(Name="hourly", CreateRule=hours))
    policy = dlm.get_lifecycle_policy(PolicyId=make(dlm, PolicyDetails=wanted))["Policy"]
    by_cron, by_hours = (one["CreateRule"] for one in policy["PolicyDetails"]["Schedules"])
    assert by_cron == {**cron, "Location": "CLOUD"}
    assert len(by_hours["Times"]) == 1


def test_policies_are_found_by_what_they_are(dlm: DLMClient) -> None:
    """Each filter alone finds the one that it fits, and no filter finds both."""
    added = schedule(TagsToAdd=[{"Key": "by", "Value": "us"}])
    first = make(dlm, PolicyDetails=details(added), Tags={"a": "1"})
    other = details(ResourceTypes=["INSTANCE"], TargetTags=[{"Key": "an", "Value": "other"}])
    second = make(dlm, State="DISABLED", PolicyDetails=other)

    def found(**filters: Any) -> list[str]:
        return [one["PolicyId"] for one in dlm.get_lifecycle_policies(**filters)["Policies"]]

    assert found() == [first, second]
    assert found(PolicyIds=[second]) == found(State="DISABLED") == found(ResourceTypes=["INSTANCE"]) == [second]
    assert found(TargetTags=["of=the tests"]) == found(TagsToAdd=["by=us"]) == [first]
    assert found(State="DISABLED", TargetTags=["of=the tests"]) == []
    summary = dlm.get_lifecycle_policies(PolicyIds=[first])["Policies"][0]
    assert (summary["PolicyType"], summary["Tags"]) == ("EBS_SNAPSHOT_MANAGEMENT", {"a": "1"})


def test_an_update_changes_only_what_it_has(dlm: DLMClient) -> None:
    """The rest stays, and the date tells."""
    policy_id = make(dlm)
    before = dlm.get_lifecycle_policy(PolicyId=policy_id)["Policy"]
    dlm.update_lifecycle_policy(PolicyId=policy_id, State="DISABLED")
    dlm.update_lifecycle_policy(PolicyId=policy_id, PolicyDetails=details(schedule(RetainRule={"Count": 7})))
    after = dlm.get_lifecycle_policy(PolicyId=policy_id)["Policy"]
    assert (after["State"], after["Description"], after["ExecutionRoleArn"]) == ("DISABLED", "d", ROLE)
    assert after["PolicyDetails"]["Schedules"][0]["RetainRule"] == {"Count": 7}
    assert after["DateModified"] > before["DateModified"]
    assert after["DateCreated"] == before["DateCreated"]


def test_a_policy_is_found_by_its_arn_for_tags(dlm: DLMClient) -> None:
    """Tags are added, changed and removed one by one."""
    arn = dlm.get_lifecycle_policy(PolicyId=make(dlm, Tags={"a": "1", "b": "1"}))["Policy"]["PolicyArn"]
    dlm.tag_resource(ResourceArn=arn, Tags={"b": "2", "c": "3"})
    dlm.untag_resource(ResourceArn=arn, TagKeys=["a", "never-there"])
    assert dlm.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"b": "2", "c": "3"}


def test_a_deleted_policy_is_gone(dlm: DLMClient) -> None:
    """Only that one; its target tag can be used again."""
    first, second = make(dlm), make(dlm, PolicyDetails=details(TargetTags=[{"Key": "an", "Value": "other"}]))
    dlm.delete_lifecycle_policy(PolicyId=first)
    assert [one["PolicyId"] for one in dlm.get_lifecycle_policies()["Policies"]] == [second]
    assert make(dlm) != first


def test_what_is_not_there_is_not_found(dlm: DLMClient) -> None:
    """Of an id, of an ARN, in another region; with AWS's code, by which the provider knows."""
    missing, code = "policy-00000000000000000", "ResourceNotFoundException"
    arn = f"arn:aws:dlm:{REGION}:123456789012:policy/{missing}"
    calls: list[Callable[[], object]] = [
        lambda: dlm.get_lifecycle_policy(PolicyId=missing),
        lambda: dlm.get_lifecycle_policies(PolicyIds=[missing]),
        lambda: dlm.update_lifecycle_policy(PolicyId=missing, State="DISABLED"),
        lambda: dlm.delete_lifecycle_policy(PolicyId=missing),
        lambda: dlm.list_tags_for_resource(ResourceArn=arn),
        lambda: dlm.list_tags_for_resource(ResourceArn=arn.replace(missing, make(dlm)).replace("east", "west")),
    ]
    for call in calls:
        assert "policy-" in refused(call, code)


WRONG: list[tuple[Part, str]] = [
    ({"State": "ERROR"}, "State: 'ERROR', valid values: ENABLED, DISABLED"),
    ({"State": 1}, "type for parameter State"),
    ({"Description": "with: colon"}, "Description: 'with: colon', valid pattern"),
    ({"Description": "d" * 501}, "Description: 501, valid max: 500"),
    ({"ExecutionRoleArn": "lifecycle"}, "ExecutionRoleArn: 'lifecycle', valid pattern"),
    ({"Tags": {"aws:mine": "1"}}, "Tags: 'aws:mine', valid pattern"),
    ({"PolicyDetails": details(Schedules=[])}, "PolicyDetails.Schedules, value: 0, valid min length: 1"),
    ({"PolicyDetails": details(*[schedule()] * 5)}, "PolicyDetails.Schedules: 5, valid max: 4"),
    ({"PolicyDetails": details(schedule(RetainRule={"Count": 1001}))}, "RetainRule.Count: 1001, valid max: 1000"),
    ({"PolicyDetails": details(ResourceTypes=["DISK"])}, "ResourceTypes[0]: 'DISK', valid values"),
    ({"PolicyDetails": details(schedule(CreateRule={"Times": ["25:00"]}))}, "Times[0]: '25:00', valid pattern"),
    ({"PolicyDetails": {}}, "missing: {ResourceTypes, TargetTags, Schedules}"),
    ({"PolicyDetails": details(schedule(RetainRule={}))}, "missing: {RetainRule}"),
    ({"PolicyDetails": details(schedule(CreateRule={"Interval": 24}))}, "missing: {IntervalUnit}"),
    ({"PolicyDetails": details(schedule(RetainRule={"Interval": 1}))}, "missing: {IntervalUnit}"),
    (
        {"PolicyDetails": details(schedule(CreateRule={"Interval": 5, "IntervalUnit": "HOURS"}))},
        "Interval: 5 is not one of 1, 2, 3, 4, 6, 8, 12, 24",
    ),
    (
        {"PolicyDetails": details(schedule(CreateRule={"CronExpression": "cron(0 3 * * ? *)", "Interval": 24}))},
        "exclusive: {CronExpression, Interval, Times}",
    ),
    (
        {"PolicyDetails": details(schedule(RetainRule={"Count": 1, "Interval": 1, "IntervalUnit": "DAYS"}))},
        "exclusive: {Count, Interval}",
    ),
    ({"DefaultPolicy": "VOLUME"}, "no default policies"),
]
"""What is wrong with a request, and what is told of it."""


def test_what_is_wrong_is_refused_by_its_name(dlm: DLMClient) -> None:
    """Whether its form is wrong, by botocore's model, or what it means; and nothing is made."""
    for wrong, told in WRONG:
        assert told in refused(partial(make, dlm, **wrong)), wrong
    assert dlm.get_lifecycle_policies()["Policies"] == []


def test_a_request_that_lacks_something_is_refused(dlm: DLMClient) -> None:
    """The error names all that is missing, also in the member of its own."""
    with pytest.raises(ClientError, match=r"missing: \{ExecutionRoleArn, State\}") as caught:
        dlm.create_lifecycle_policy(Description="d")  # type: ignore[call-arg]
    assert caught.value.response["RequiredParameters"] == ["ExecutionRoleArn", "State"]  # type: ignore[typeddict-item]


def test_an_update_that_is_refused_changes_nothing(dlm: DLMClient) -> None:
    """Another kind of resource, or a form that is wrong: the policy is as it was."""
    policy_id = make(dlm)
    before = dlm.get_lifecycle_policy(PolicyId=policy_id)["Policy"]
    wrongs: list[Part] = [details(ResourceTypes=["INSTANCE"]), details(schedule(RetainRule={"Count": -1}))]
    for wrong in wrongs:
        change = partial(dlm.update_lifecycle_policy, PolicyId=policy_id, State="DISABLED", PolicyDetails=wrong)
        refused(change)
    assert dlm.get_lifecycle_policy(PolicyId=policy_id)["Policy"] == before


def test_two_policies_have_no_target_in_common(dlm: DLMClient) -> None:
    """Neither made nor updated to be so; a policy may keep its own."""
    policy_id = make(dlm)
    other = make(dlm, PolicyDetails=details(TargetTags=[{"Key": "an", "Value": "other"}]))
    assert "of=the tests" in refused(lambda: make(dlm))
    assert "of=the tests" in refused(lambda: dlm.update_lifecycle_policy(PolicyId=other, PolicyDetails=details()))
    dlm.update_lifecycle_policy(PolicyId=policy_id, PolicyDetails=details())


def volume_with(ec2: EC2Client, *tags: TagTypeDef) -> str:
    """A volume of 1 GiB with tags; its id."""
    named: list[TagSpecificationTypeDef] = [{"ResourceType": "volume", "Tags": [*tags, {"Key": "a", "Value": "tag"}]}]
    return ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1, TagSpecifications=named)["VolumeId"]


def snapshots(ec2: EC2Client, volume: str) -> list[SnapshotTypeDef]:
    """The snapshots of a volume."""
    return ec2.describe_snapshots(Filters=[{"Name": "volume-id", "Values": [volume]}])["Snapshots"]


def test_a_run_makes_snapshots_of_the_targets(dlm: DLMClient, ec2: EC2Client) -> None:
    """With the tags by which AWS knows them, those of the volume and those to add; of no other volume."""
    target, other = volume_with(ec2, TARGET), volume_with(ec2)
    added = schedule(CopyTags=True, TagsToAdd=[{"Key": "by", "Value": "us"}])
    policy_id = make(dlm, PolicyDetails=details(added))
    api.lifecycle().run(policy_id)
    [made] = snapshots(ec2, target)
    assert {one["Key"]: one["Value"] for one in made["Tags"]} == {
        "aws:dlm:lifecycle-policy-id": policy_id,
        "aws:dlm:lifecycle-schedule-name": "daily",
        "of": "the tests",
        "a": "tag",
        "by": "us",
    }
    assert not snapshots(ec2, other)


def test_a_disabled_policy_makes_none(dlm: DLMClient, ec2: EC2Client) -> None:
    """Until it is enabled."""
    volume = volume_with(ec2, TARGET)
    policy_id = make(dlm, State="DISABLED")
    api.lifecycle().run(policy_id)
    assert not snapshots(ec2, volume)


# Safety contract of snapshots._prune: the policy's own, of that volume, and only those past the count.
def test_a_run_deletes_the_oldest_of_its_own(dlm: DLMClient, ec2: EC2Client) -> None:
    """Two stay of each volume; one made by hand and one of another policy stay, though they are older."""
    volume, second = (volume_with(ec2, TARGET) for _ in range(2))
    by_hand = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    alien = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    api.ec2().create_tags(
        [alien], {"aws:dlm:lifecycle-policy-id": "policy-1", "aws:dlm:lifecycle-schedule-name": "daily"}
    )
    policy_id = make(dlm)
    runs = []
    for _ in range(3):
        before = {one["SnapshotId"] for one in snapshots(ec2, volume)}
        api.lifecycle().run(policy_id)
        until(lambda: all(one["State"] == "completed" for one in snapshots(ec2, volume) + snapshots(ec2, second)))
        runs += [one["SnapshotId"] for one in snapshots(ec2, volume) if one["SnapshotId"] not in before]
    assert {one["SnapshotId"] for one in snapshots(ec2, volume)} == {by_hand, alien, *runs[1:]}
    assert len(snapshots(ec2, second)) == 2
