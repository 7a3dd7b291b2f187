"""``zagent cloud snapshot ls`` and ``prune``: what there is, and that nothing goes which somebody may need."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner, Result
from zagent.cli.commands import app

from infra import tags
from infra.account import snapshots
from infra.account.snapshots import DAILY, FINAL, VERIFIED
from infra.errors import CloudRefused
from infra.operations import prune
from tests.configured import settings
from tests.operations.cloud import DATA, Cloud

PROVEN = {tags.KIND: VERIFIED, tags.SET_DIGEST: "d"}


def stay(cloud: Cloud) -> list[str]:
    """The ids of all snapshots that there are."""
    return sorted(each["SnapshotId"] for each in cloud.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"])


def carried_out(plan: prune.Plan) -> list[str]:
    """Done; why each stays that does."""
    return [each.why for each in prune.carry_out(plan)]


def test_the_oldest_are_deleted(cloud: Cloud) -> None:
    """And the newest of each kind are there still."""
    volume = cloud.volume()
    old, proven, new = (cloud.snapshot(volume, **DATA, **more) for more in ({}, PROVEN, {}))
    assert carried_out(prune.plan(settings(), 1)) == [""]
    assert stay(cloud) == sorted([proven, new])
    assert old not in stay(cloud)


def test_another_stacks_are_not_even_seen(cloud: Cloud) -> None:
    """Nor is one deleted that lost the tag since the plan was shown."""
    volume = cloud.volume()
    cloud.snapshot(volume, **DATA | {tags.STACK: "prod"})
    doomed = cloud.snapshot(volume, **DATA)
    cloud.snapshot(volume, **DATA)
    plan = prune.plan(settings(), 1)
    assert [each.id for each in plan.doomed] == [doomed]
    cloud.ec2.delete_tags(Resources=[doomed], Tags=[{"Key": tags.STACK}])
    assert carried_out(plan) == ["it changed meanwhile"]
    assert doomed in stay(cloud)


@pytest.mark.parametrize(
    "change",
    [{tags.OWNER: "arn:aws:iam::1:user/ann"}, {tags.KIND: FINAL}, {"note": "mine"}],
    ids=["owner", "final", "any tag"],
)
def test_what_changed_since_the_plan_stays(cloud: Cloud, change: dict[str, str]) -> None:
    """It is looked at again right before."""
    volume = cloud.volume()
    doomed = cloud.snapshot(volume, **DATA)
    cloud.snapshot(volume, **DATA)
    plan = prune.plan(settings(), 1)
    cloud.ec2.create_tags(Resources=[doomed], Tags=tags.listed(change))
    assert carried_out(plan) == ["it changed meanwhile"]
    assert doomed in stay(cloud)


def test_one_that_is_gone_meanwhile_is_told(cloud: Cloud) -> None:
    """By somebody else's hand, or the policy's."""
    volume = cloud.volume()
    doomed = cloud.snapshot(volume, **DATA)
    cloud.snapshot(volume, **DATA)
    plan = prune.plan(settings(), 1)
    cloud.ec2.delete_snapshot(SnapshotId=doomed)
    assert carried_out(plan) == ["it is gone"]


def test_only_this_accounts_are_looked_at(cloud: Cloud) -> None:
    """Not the public one of an image, whatever its tags."""
    [image] = cloud.ec2.describe_images(Owners=["amazon"], MaxResults=1000)["Images"][:1]
    public = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    access = settings().access
    assert snapshots.with_id(access, public) is not None
    assert snapshots.own(access, public) is None


def test_what_an_image_uses_is_told_and_skipped(cloud: Cloud) -> None:
    """It is no reason to end."""
    image = cloud.ec2.create_image(InstanceId=cloud.host(cloud.volume()), Name="mine")["ImageId"]
    used, free = snapshots.own(settings().access, stay(cloud)[0]), cloud.snapshot(cloud.volume(), **DATA)
    other = snapshots.own(settings().access, free)
    assert used
    assert other
    first, second = carried_out(replace(prune.plan(settings(), 1), doomed=(used, other)))
    assert first.startswith("AWS keeps it: ")
    assert image in first
    assert second == ""
    assert stay(cloud) == [used.id]


def test_a_right_that_is_missing_ends_it(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else would be deleted either; the local API knows no rights, so its answer is made up here."""
    volume = cloud.volume()
    made = [cloud.snapshot(volume, **DATA) for _ in range(2)]
    plan = prune.plan(settings(), 1)

    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": "UnauthorizedOperation", "Message": "no"}}, "DeleteSnapshot")

    monkeypatch.setattr(plan.settings.access.ec2, "delete_snapshot", refuse)
    with pytest.raises(CloudRefused, match="UnauthorizedOperation"):
        carried_out(plan)
    assert stay(cloud) == sorted(made)


def test_what_the_policy_counts_stays(cloud: Cloud) -> None:
    """However few are asked for."""
    cloud.volume()
    policy = cloud.policy()
    for _ in range(3):
        cloud.run(policy)
    assert prune.plan(settings(), 1).doomed == ()


def run(*words: str) -> Result:
    """The command as a person would type it."""
    return CliRunner().invoke(app, ["cloud", "snapshot", *words], prog_name="zagent")


def test_the_command_asks_first(cloud: Cloud) -> None:
    """Nobody to ask is a no; a dry run does nothing; yes does it; and then there is nothing to do."""
    volume = cloud.volume()
    made = [cloud.snapshot(volume, **DATA) for _ in range(3)]
    assert run("prune", "--keep", "1").exit_code == 86
    dry = run("prune", "--keep", "1", "--dry-run")
    assert dry.exit_code == 0
    assert [line.split()[0] for line in dry.stdout.splitlines()] == made[:2]
    assert stay(cloud) == sorted(made)
    done = run("prune", "--keep", "1", "--yes")
    assert done.exit_code == 0, done.output
    assert stay(cloud) == [made[2]]
    again = run("prune", "--keep", "1")
    assert (again.exit_code, again.stdout) == (0, "")
    assert "nothing is beyond the count; 1 snapshot of this stack stays" in again.stderr


def test_every_snapshot_is_listed_with_its_kind(cloud: Cloud) -> None:
    """The policy's, the verified, the system disk's; and what an earlier volume left."""
    assert run("ls").stdout == "no snapshot carries this stack's tags\n"
    volume, gone = cloud.volume(), cloud.volume()
    earlier = cloud.snapshot(gone, **DATA)
    cloud.ec2.delete_volume(VolumeId=gone)
    cloud.run(cloud.policy())
    proven = cloud.snapshot(volume, **DATA, **PROVEN)
    root = cloud.snapshot(volume, **{tags.SNAPSHOTS: "zagent/dev/root"})
    told = {each["id"]: each for each in map(json.loads, run("ls", "--json").stdout.splitlines())}
    kinds = {identity: each["kind"] for identity, each in told.items()}
    assert (kinds[earlier], kinds[proven], kinds[root]) == ("other", VERIFIED, "root")
    assert sorted(kinds.values()) == sorted(["other", DAILY, VERIFIED, "root"])
    assert (told[earlier]["left_behind"], told[earlier]["notes"]) == (True, ["of an earlier volume"])
    assert not told[proven]["left_behind"]
    head, *rows = run("ls").stdout.splitlines()
    assert head.startswith("SNAPSHOT ")
    assert len(rows) == 4
