"""The safety contract of ``zagent cloud snapshot prune``, clause by clause; and what AWS itself refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.ec2.models import elastic_block_store

from infra import tags
from infra.account import snapshots
from infra.account.policies import MADE_BY
from infra.account.snapshots import FINAL
from infra.errors import CloudRefused
from infra.operations import prune
from tests.configured import settings
from tests.localcloud.cloud import api
from tests.localcloud.cloud.ec2.volumes import VolumeBackend
from tests.operations.cloud import DATA, Cloud
from tests.operations.test_prune import PROVEN, carried_out, stay

ANN = {tags.OWNER: "arn:aws:iam::1:user/ann"}
ROOT = "zagent/dev/root"
BEGUN = datetime(2026, 9, 1)


@pytest.fixture(autouse=True)
def _a_day_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """A snapshot is completed as soon as it is begun, and the next is begun on another day: EC2 tells seconds."""
    monkeypatch.setattr(VolumeBackend, "take_a_while", lambda _: None)
    days = count()
    monkeypatch.setattr(elastic_block_store, "utcnow", lambda: BEGUN + timedelta(days=next(days)))


def pruned(cloud: Cloud, *named: str, **changed: object) -> list[str]:
    """Of these snapshots those that a prune to one of each deletes."""
    carried_out(prune.plan(settings(**changed), 1))
    return [each for each in named if each not in stay(cloud)]


def taken(cloud: Cloud, policy: str, volume: str, times: int) -> list[str]:
    """What a policy takes of a volume, oldest first."""
    found: list[str] = []
    for _ in range(times):
        before = stay(cloud)
        cloud.run(policy)
        filters: Any = [{"Name": "volume-id", "Values": [volume]}]
        there = cloud.ec2.describe_snapshots(OwnerIds=["self"], Filters=filters)["Snapshots"]
        found += [each["SnapshotId"] for each in there if each["SnapshotId"] not in before]
    return found


def disk(cloud: Cloud, target: str = ROOT) -> str:
    """A system disk that is to be snapshotted."""
    tagged: Any = {"ResourceType": "volume", "Tags": tags.listed({tags.SNAPSHOTS: target})}
    made = cloud.ec2.create_volume(AvailabilityZone="us-east-1a", Size=1, TagSpecifications=[tagged])
    return made["VolumeId"]


def of_the_system_disk(cloud: Cloud, target: str = ROOT, volume: str = "") -> list[str]:
    """Two that a policy took which is gone, oldest first."""
    policy = cloud.policy(target)
    found = taken(cloud, policy, volume or disk(cloud, target), 2)
    cloud.dlm.delete_lifecycle_policy(PolicyId=policy)
    return found


def test_1_what_another_account_owns_stays(cloud: Cloud) -> None:
    """Such as the public one of an image: AWS shows it to whoever names it."""
    [image] = cloud.ec2.describe_images(Owners=["amazon"], MaxResults=1000)["Images"][:1]
    public = snapshots.with_id(settings().access, image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"])
    assert public
    plan = replace(prune.plan(settings(), 1), doomed=(public,))
    assert carried_out(plan) == ["it is gone"]


@pytest.mark.parametrize(
    "change",
    [ANN, {tags.KIND: FINAL}, {tags.STACK: "prod"}, {"note": "mine"}],
    ids=["owner", "final", "stack", "any tag"],
)
def test_2_what_changed_since_the_plan_stays(cloud: Cloud, change: dict[str, str]) -> None:
    """It is looked at again right before."""
    volume = cloud.volume()
    doomed, _ = (cloud.snapshot(volume, **DATA) for _ in range(2))
    plan = prune.plan(settings(), 1)
    assert [each.id for each in plan.doomed] == [doomed]
    cloud.ec2.create_tags(Resources=[doomed], Tags=tags.listed(change))
    assert carried_out(plan) == ["it changed meanwhile"]
    assert doomed in stay(cloud)


def test_2_what_lost_a_tag_or_is_in_another_state_stays(cloud: Cloud) -> None:
    """As one that is being brought out of an archive."""
    volume = cloud.volume()
    one, other, _ = (cloud.snapshot(volume, **DATA) for _ in range(3))
    plan = prune.plan(settings(), 1)
    cloud.ec2.delete_tags(Resources=[one], Tags=[{"Key": tags.STACK}])
    api.ec2().snapshots[other].status = "recovering"
    assert carried_out(plan) == ["it changed meanwhile"] * 2
    assert {one, other} <= set(stay(cloud))


def test_3_another_stacks_stay(cloud: Cloud) -> None:
    """Of the data volume and of the system disk."""
    volume, prod = cloud.volume(), cloud.volume(**{tags.STACK: "prod"})
    own = [cloud.snapshot(volume, **DATA) for _ in range(2)]
    others = [cloud.snapshot(prod, **DATA | {tags.STACK: "prod"}) for _ in range(2)]
    others += of_the_system_disk(cloud, "zagent/prod/root")
    assert pruned(cloud, *own, *others) == own[:1]


def test_4_somebody_elses_stay(cloud: Cloud) -> None:
    """Also one of nobody knows whom."""
    volume = cloud.volume()
    hers = cloud.snapshot(volume, **DATA | ANN)
    nobodys = cloud.snapshot(volume, **{name: one for name, one in DATA.items() if name != tags.OWNER})
    own = [cloud.snapshot(volume, **DATA) for _ in range(2)]
    assert pruned(cloud, hers, nobodys, *own) == own[:1]


def test_4_of_the_system_disk_only_what_a_policy_took(cloud: Cloud) -> None:
    """A person's own stays."""
    cloud.volume()
    system = disk(cloud)
    by_hand = cloud.snapshot(system, **{tags.SNAPSHOTS: ROOT})
    made = of_the_system_disk(cloud, volume=system)
    assert pruned(cloud, by_hand, *made) == made[:1]


@pytest.mark.parametrize("whose", [None, ANN], ids=["nobody's", "another owner's"])
def test_4_of_a_system_disk_that_may_be_somebody_elses(cloud: Cloud, whose: dict[str, str] | None) -> None:
    """Nothing says who made it; the data volume would, were it the caller's."""
    if whose:
        cloud.volume(**whose)
    assert pruned(cloud, *of_the_system_disk(cloud)) == []


@pytest.mark.parametrize("state", ["pending", "recovering", "recoverable"])
def test_5_what_is_not_at_rest_stays(cloud: Cloud, state: str) -> None:
    """In the making, or on its way out of an archive or the recycle bin."""
    volume = cloud.volume()
    made = [cloud.snapshot(volume, **DATA) for _ in range(3)]
    api.ec2().snapshots[made[0]].status = state
    assert pruned(cloud, *made) == made[1:2]


def test_5_final_ones_stay(cloud: Cloud) -> None:
    """Somebody wanted each."""
    volume = cloud.volume()
    finals = [cloud.snapshot(volume, **DATA, **{tags.KIND: FINAL}) for _ in range(2)]
    made = [cloud.snapshot(volume, **DATA) for _ in range(2)]
    assert pruned(cloud, *finals, *made) == made[:1]


def test_6_what_a_living_policy_counts_stays(cloud: Cloud) -> None:
    """However few are asked for; what it took of a volume that is gone it counts no more."""
    living, gone = cloud.volume(), cloud.volume()
    policy = cloud.policy()
    counted = taken(cloud, policy, living, 3)
    filters: Any = [{"Name": "volume-id", "Values": [gone]}]
    left = [each["SnapshotId"] for each in cloud.ec2.describe_snapshots(Filters=filters)["Snapshots"]]
    cloud.ec2.delete_volume(VolumeId=gone)
    assert len(pruned(cloud, *counted, *left)) == 2
    assert set(counted) <= set(stay(cloud))


def test_6_the_system_disks_policy_counts_its_own(cloud: Cloud) -> None:
    """As long as the disk is there."""
    cloud.volume()
    policy, living, gone = cloud.policy(ROOT), disk(cloud), disk(cloud)
    counted = taken(cloud, policy, living, 2)
    left = [each for each in stay(cloud) if each not in counted]
    assert pruned(cloud, *counted, *left) == []
    cloud.ec2.delete_volume(VolumeId=gone)
    counted += taken(cloud, policy, living, 1)
    assert sorted(pruned(cloud, *counted, *left)) == sorted(left)


def test_7_so_many_stay_the_living_volumes_first(cloud: Cloud) -> None:
    """Its only verified one does not go for a newer one of another volume, whose newest stays as well."""
    living, gone = cloud.volume(), cloud.volume()
    oldest, proven, newest = (cloud.snapshot(living, **DATA, **more) for more in ({}, PROVEN, {}))
    others = [cloud.snapshot(gone, **DATA, **more) for more in (PROVEN, {}, PROVEN, {})]
    cloud.ec2.delete_volume(VolumeId=gone)
    assert sorted(pruned(cloud, oldest, proven, newest, *others)) == sorted([oldest, *others[:2]])


def test_7_a_final_one_stands_for_all_of_its_volume(cloud: Cloud) -> None:
    """So they go where the living volume has enough."""
    living, gone = cloud.volume(), cloud.volume()
    own = [cloud.snapshot(living, **DATA, **more) for more in (PROVEN, {})]
    others = [cloud.snapshot(gone, **DATA, **more) for more in (PROVEN, {}, {tags.KIND: FINAL})]
    cloud.ec2.delete_volume(VolumeId=gone)
    assert pruned(cloud, *own, *others) == others[:2]


def test_8_what_would_be_restored_stays(cloud: Cloud) -> None:
    """Such as what the living volume was made of, though the volume before it is purged."""
    old, living = cloud.volume(), cloud.volume()
    own, earlier, source = (cloud.snapshot(each, **DATA) for each in (living, old, old))
    cloud.snapshot(old, **DATA, **{tags.KIND: FINAL, tags.FORMER: "zagent/dev"})
    cloud.ec2.delete_volume(VolumeId=old)
    assert pruned(cloud, own, earlier, source) == [earlier]


def test_8_what_the_configuration_names_stays(cloud: Cloud) -> None:
    """The next `pulumi up` asks for it."""
    volume = cloud.volume()
    named, other, newest = (cloud.snapshot(volume, **DATA) for _ in range(3))
    assert pruned(cloud, named, other, newest, restore=named) == [other]


def refusing(plan: prune.Plan, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's answer to a deletion, made up: the local API knows neither rights nor AWS Backup."""

    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "DeleteSnapshot")

    monkeypatch.setattr(plan.settings.access.ec2, "delete_snapshot", refuse)


def test_what_an_image_uses_is_told_and_skipped(cloud: Cloud) -> None:
    """It is no reason to end. The image's is marked as an earlier policy's: the local API images hosts alone."""
    image = cloud.ec2.create_image(InstanceId=cloud.host(cloud.volume()), Name="mine")["ImageId"]
    [used] = stay(cloud)
    api.ec2().snapshots[used].add_tags({tags.SNAPSHOTS: ROOT, MADE_BY: "policy-0"})
    free, newest = of_the_system_disk(cloud)
    plan = prune.plan(settings(), 1)
    assert [each.id for each in plan.doomed] == [used, free]
    first, second = carried_out(plan)
    assert first.startswith("AWS keeps it: ")
    assert image in first
    assert second == ""
    assert stay(cloud) == sorted([used, newest])


def test_what_aws_backup_manages_is_told_and_skipped(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """EC2 has no code of its own for it."""
    volume = cloud.volume()
    made = [cloud.snapshot(volume, **DATA) for _ in range(3)]
    plan = prune.plan(settings(), 1)
    refusing(plan, "InvalidParameterValue", monkeypatch)
    assert carried_out(plan) == ["AWS keeps it: no"] * 2
    assert stay(cloud) == sorted(made)


def test_a_right_that_is_missing_ends_it(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else would be deleted either."""
    volume = cloud.volume()
    made = [cloud.snapshot(volume, **DATA) for _ in range(2)]
    plan = prune.plan(settings(), 1)
    refusing(plan, "UnauthorizedOperation", monkeypatch)
    with pytest.raises(CloudRefused, match="UnauthorizedOperation"):
        carried_out(plan)
    assert stay(cloud) == sorted(made)


def test_what_failed_goes(cloud: Cloud) -> None:
    """No volume can be made of it."""
    volume = cloud.volume()
    good = cloud.snapshot(volume, **DATA)
    failed = cloud.snapshot(volume, **DATA)
    api.ec2().snapshots[failed].status = "error"
    assert pruned(cloud, good, failed) == [failed]
