"""``zagent cloud snapshot ls`` and ``prune``: what there is, and that nothing goes which somebody may need."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner, Result
from zagent.cli.commands import app

from infra import tags
from infra.account.snapshots import DAILY, FINAL, VERIFIED, Snapshot
from infra.errors import CloudRefused
from infra.operations import prune
from tests.configured import settings
from tests.operations.cloud import DATA, YOU, Cloud

NOW = datetime(2026, 9, 20, 3, 0, tzinfo=timezone.utc)
PROVEN = {tags.KIND: VERIFIED, tags.SET_DIGEST: "d"}


def one(identity: str, days: float, kind: str = DAILY, state: str = "completed", **own: str) -> Snapshot:
    """A snapshot of vol-1 of that age."""
    carried = {**DATA, tags.KIND: kind, tags.SET_DIGEST: "d", **own}
    return Snapshot(identity, "vol-1", 100, NOW - timedelta(days=days), state, carried)


def beyond(*found: Snapshot, keep: int = 1, named: str = "auto") -> list[str]:
    """The ids of those that would go; ``found`` is newest first."""
    return [each.id for each in prune.beyond(found, YOU, keep, named)]


@pytest.mark.parametrize(
    ("found", "gone"),
    [
        ([one("a", 1), one("b", 2), one("c", 3)], ["c", "b"]),
        ([one("a", 1)], []),
        ([one("a", 1), one("b", 2, VERIFIED), one("c", 3), one("d", 4, VERIFIED)], ["d", "c"]),
        ([one("future", -900), one("b", 2, VERIFIED), one("c", 400)], ["c"]),
        ([one("a", 1), one("b", 2, FINAL), one("c", 3, FINAL)], []),
        ([one("new", 0, state="pending"), one("a", 1), one("b", 2)], ["b"]),
        ([one("bad", 0, state="error"), one("a", 1)], ["bad"]),
        ([one("a", 1), one("hers", 2, **{tags.OWNER: "arn:aws:iam::1:user/ann"})], []),
    ],
    ids=["count", "last", "verified apart", "clock", "final", "pending", "failed", "another owner"],
)
def test_what_is_beyond_the_count(found: Sequence[Snapshot], gone: list[str]) -> None:
    """With one of each kept."""
    assert beyond(*found) == gone


def test_what_is_restored_next_stays() -> None:
    """By `pulumi up` itself, or because the configuration names it."""
    purged = replace(one("last", 0, FINAL), volume="vol-2")
    found = [purged, *(replace(each, volume="vol-2") for each in (one("p1", 1), one("p2", 2))), one("mine", 3)]
    assert beyond(*found) == ["p2"]
    assert beyond(one("a", 1), one("b", 2), one("c", 3), named="c") == ["b"]


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


def test_clause_1_another_stacks_are_not_even_seen(cloud: Cloud) -> None:
    """Nor those that lost the tag since the plan was shown."""
    volume = cloud.volume()
    cloud.snapshot(volume, **DATA | {tags.STACK: "prod"})
    doomed = cloud.snapshot(volume, **DATA)
    cloud.snapshot(volume, **DATA)
    plan = prune.plan(settings(), 1)
    assert [each.id for each in plan.doomed] == [doomed]
    cloud.ec2.delete_tags(Resources=[doomed], Tags=[{"Key": tags.STACK}])
    assert carried_out(plan) == ["it is gone, or no longer this stack's"]
    assert doomed in stay(cloud)


@pytest.mark.parametrize(
    "change",
    [{tags.OWNER: "arn:aws:iam::1:user/ann"}, {tags.KIND: FINAL}, {"note": "mine"}],
    ids=["clause 2: owner", "clause 3: final", "clause 4: any tag"],
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


@pytest.mark.parametrize("held", [True, False], ids=["an image uses it", "no right to"])
def test_what_aws_keeps_is_told_and_skipped(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, held: bool) -> None:
    """Where something uses the snapshot; any other refusal ends the command."""
    volume = cloud.volume()
    doomed = cloud.snapshot(volume, **DATA)
    cloud.snapshot(volume, **DATA)
    plan = prune.plan(settings(), 1)
    client = plan.settings.access.ec2
    code = "InvalidSnapshot.InUse" if held else "UnauthorizedOperation"

    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "ami-1 uses it"}}, "DeleteSnapshot")

    monkeypatch.setattr(client, "delete_snapshot", refuse)
    if held:
        assert carried_out(plan) == ["AWS keeps it: ami-1 uses it"]
    else:
        with pytest.raises(CloudRefused, match="UnauthorizedOperation"):
            carried_out(plan)
    assert doomed in stay(cloud)


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
    assert (told[earlier]["old"], told[earlier]["notes"]) == (True, ["of an earlier volume"])
    assert not told[proven]["old"]
    head, *rows = run("ls").stdout.splitlines()
    assert head.startswith("SNAPSHOT ")
    assert len(rows) == 4
