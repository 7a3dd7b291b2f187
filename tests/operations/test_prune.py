"""``zagent cloud snapshot ls`` and ``prune``: what there is, and that nothing goes which somebody may need."""

from __future__ import annotations

import json
from typing import Any

from typer.testing import CliRunner, Result
from zagent.cli.commands import app

from infra import tags
from infra.account.snapshots import DAILY, VERIFIED
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


def test_one_that_is_gone_meanwhile_is_told(cloud: Cloud) -> None:
    """By somebody else's hand, or the policy's."""
    volume = cloud.volume()
    doomed = cloud.snapshot(volume, **DATA)
    cloud.snapshot(volume, **DATA)
    plan = prune.plan(settings(), 1)
    cloud.ec2.delete_snapshot(SnapshotId=doomed)
    assert carried_out(plan) == ["it is gone"]


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


def root_notes(left_behind: bool) -> list[list[str]]:
    """What `ls` says of the system disk's snapshots that are left behind, or of the others."""
    told = map(json.loads, run("ls", "--json").stdout.splitlines())
    return [each["notes"] for each in told if each["kind"] == "root" and each["left_behind"] is left_behind]


def test_the_system_disks_are_told_as_such(cloud: Cloud) -> None:
    """Left behind by an earlier policy or of an earlier disk; a prune names them as `ls` does."""
    volume = cloud.volume()
    tagged: Any = {"ResourceType": "volume", "Tags": tags.listed({tags.SNAPSHOTS: "zagent/dev/root"})}
    disk = cloud.ec2.create_volume(AvailabilityZone="us-east-1a", Size=1, TagSpecifications=[tagged])["VolumeId"]
    cloud.snapshot(volume, **DATA)
    earlier = cloud.policy("zagent/dev/root")
    cloud.run(earlier)
    cloud.dlm.delete_lifecycle_policy(PolicyId=earlier)
    cloud.run(cloud.policy("zagent/dev/root"))
    assert root_notes(False) == [[]]
    assert root_notes(True) == [["by an earlier policy"]]
    cloud.ec2.delete_volume(VolumeId=disk)
    assert root_notes(True) == [["of an earlier disk"], ["by an earlier policy"]]
    [line] = run("prune", "--keep", "1", "--dry-run").stdout.splitlines()
    assert line.split()[-2:] == ["root", disk]
