"""``zagent cloud snapshot restore``: another zone, or back in time; one volume is the stack's, and none is lost."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner, Result
from zagent.cli.commands import app

from infra import tags
from infra.account import volumes
from infra.account.access import answered
from infra.account.origin import NO_VOLUME
from infra.account.volumes import Volume
from infra.bootstrap.permission import VolumeTag
from infra.bootstrap.want import serial_of
from infra.errors import ManyVolumes, NoSnapshot, NotYours, RestoreRefused, SnapshotFailed, TypeNotOffered
from infra.operations import restore
from tests.configured import settings
from tests.localcloud.cloud.api import ec2
from tests.localcloud.cloud.faults import Fault
from tests.localcloud.waiting import until
from tests.operations.cloud import DATA, YOU, Cloud
from tests.operations.meddling import answering, cut_off

OTHER_ZONE = "us-east-1b"
ANN = "arn:aws:iam::1:user/ann"


def carried_out(zone: str = OTHER_ZONE, snapshot: str = "", **changed: object) -> restore.Restored:
    """Planned and done."""
    return restore.carry_out(restore.plan(settings(**changed), zone, snapshot), print)


def living() -> list[Volume]:
    """What is the stack's."""
    return volumes.with_tags(settings().access, settings().own_tags)


def test_a_volume_moves_to_another_zone_with_all_that_is_on_it(cloud: Cloud) -> None:
    """By a snapshot of this moment; the old one stays, and is nobody's."""
    old = cloud.volume(**{tags.FORMAT: "done:u"})
    done = carried_out()
    (now,) = living()
    assert (now.id, now.zone, done.replaced) == (done.volume, OTHER_ZONE, old)
    assert (now.size, now.kind, now.throughput, now.encrypted) == (4, "gp3", 500, True)
    assert now.tags.items() >= {**DATA, tags.FORMAT: "done:u", "Name": "zagent-dev-data"}.items()
    assert now.attached_to == ()
    was = volumes.with_id(settings().access, old)
    assert was is not None
    assert (was.stack, was.tags[tags.FORMER], was.tags[tags.OWNER]) == ("", "zagent/dev", DATA[tags.OWNER])
    assert tags.SNAPSHOTS not in was.tags


def test_without_a_volume_the_newest_snapshot_is_taken(cloud: Cloud) -> None:
    """As `pulumi up` would, in the zone that is asked for."""
    old = cloud.volume()
    cloud.snapshot(old, **DATA)
    newest = cloud.snapshot(old, **DATA)
    cloud.ec2.delete_volume(VolumeId=old)
    done = carried_out()
    assert [(one.id, one.snapshot) for one in living()] == [(done.volume, newest)]


def test_a_named_snapshot_goes_back_in_time_in_the_same_zone(cloud: Cloud) -> None:
    """Nothing newer is taken first."""
    old = cloud.volume()
    named = cloud.snapshot(old, **DATA)
    carried_out("us-east-1a", named, volumeSizeGib=9)
    assert [(one.snapshot, one.size) for one in living()] == [(named, 9)]


def test_back_in_time_without_the_snapshot_it_is_still_known_whose_the_data_is(cloud: Cloud) -> None:
    """Its marker knows the volume that the snapshot was taken of; `snapshot prune` may come before the first mount."""
    old = cloud.volume()
    named = cloud.snapshot(old, **DATA)
    made = carried_out("us-east-1a", named).volume
    assert living()[0].tags[tags.MADE_OF] == f"{named} of {old}"
    cloud.ec2.delete_snapshot(SnapshotId=named)
    cloud.ec2.delete_volume(VolumeId=old)
    record = VolumeTag(made, "zagent", "dev", settings().access).read()
    assert record.ancestors == (serial_of(old),)


@pytest.mark.parametrize(("owner", "of_old", "noted"), [(YOU, False, True), (ANN, False, False), (ANN, True, True)])
def test_a_strangers_note_of_a_format_is_not_taken_over(cloud: Cloud, owner: str, of_old: bool, noted: bool) -> None:
    """The first host would take the destinations for named here; those of the stack's own volume were, whoever made it.

    That it was made of data is known without the note.
    """
    old = cloud.volume(**{tags.OWNER: ANN})
    named = cloud.snapshot(old if of_old else cloud.volume(**{tags.STACK: "prod"}), **DATA | {tags.OWNER: owner})
    made = carried_out(OTHER_ZONE, named, volumeId=old).volume
    record = VolumeTag(made, "zagent", "dev", settings().access).read()
    assert (record.phase, record.from_elsewhere) == (("done", False) if noted else ("absent", True))
    assert record.against


def test_a_volume_that_moved_twice_is_known_by_the_first(cloud: Cloud) -> None:
    """The snapshot of each move tells of what its volume was made; none of them was ever mounted."""
    first = cloud.volume()
    second = carried_out(OTHER_ZONE).volume
    third = carried_out("us-east-1a").volume
    for one in (first, second):
        cloud.ec2.delete_volume(VolumeId=one)
    until(lambda: [one["VolumeId"] for one in cloud.ec2.describe_volumes()["Volumes"]] == [third])
    record = VolumeTag(third, "zagent", "dev", settings().access).read()
    assert record.ancestors == (serial_of(second), serial_of(first))


def test_a_snapshot_from_another_region_leaves_no_note(cloud: Cloud) -> None:
    """The volume that it shows is none (EC2, CopySnapshot)."""
    named = cloud.snapshot(cloud.volume(), **DATA)
    ec2().snapshots[named].volume.id = NO_VOLUME
    carried_out("us-east-1a", named)
    assert [one.snapshot for one in living() if tags.MADE_OF not in one.tags] == [named]


@pytest.mark.parametrize("point", ["CreateSnapshot", "CreateVolume", "DescribeVolumes", "CreateTags"])
def test_a_restore_that_was_cut_off_is_ended_by_the_next(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """Wherever it was: one volume is the stack's then, in the zone that was asked for, and the old one is there."""
    old = cloud.volume()
    plan = restore.plan(settings(), OTHER_ZONE)
    answering(plan.settings, point, cut_off, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        restore.carry_out(plan, print)
    done = carried_out()
    assert [one.id for one in living()] == [done.volume]
    assert living()[0].zone == OTHER_ZONE
    assert volumes.with_id(settings().access, old) is not None


def test_a_restore_that_was_cut_off_at_its_very_end_is_done(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next finds the volume where it is wanted."""
    cloud.volume()
    plan = restore.plan(settings(), OTHER_ZONE)
    answering(plan.settings, "DeleteTags", cut_off, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        restore.carry_out(plan, print)
    with pytest.raises(RestoreRefused, match="is there already"):
        restore.plan(settings(), OTHER_ZONE)
    assert [one.zone for one in living()] == [OTHER_ZONE]


def test_a_snapshot_that_fails_replaces_nothing(cloud: Cloud) -> None:
    """The volume is the stack's as before."""
    old = cloud.volume()
    ec2().faults.arm(Fault("snapshot", times=1))
    with pytest.raises(SnapshotFailed, match="ended in an error; nothing was deleted"):
        carried_out()
    assert [one.id for one in living()] == [old]


def test_what_was_never_formatted_is_not_copied(cloud: Cloud) -> None:
    """The copy would count as data, and nothing would ever format it; a new volume there costs nothing."""
    blank = cloud.volume(**{tags.FORMAT: ""})
    cloud.ec2.delete_tags(Resources=[blank], Tags=[{"Key": tags.FORMAT}])
    with pytest.raises(RestoreRefused, match=f"nothing was ever on {blank}") as refused:
        restore.plan(settings(), "us-east-1b")
    assert f"zagent cloud volume purge {blank}; pulumi config set availabilityZone us-east-1b" in refused.value.advice


def test_what_is_refused(cloud: Cloud) -> None:
    """With the way out, and nothing made."""
    with pytest.raises(TypeNotOffered, match="us-east-1z"):
        restore.plan(settings(), "us-east-1z")
    with pytest.raises(NoSnapshot):
        restore.plan(settings(), OTHER_ZONE)
    old = cloud.volume()
    with pytest.raises(RestoreRefused, match="is there already"):
        restore.plan(settings(), "us-east-1a")
    with pytest.raises(NoSnapshot):
        restore.plan(settings(), OTHER_ZONE, "snap-0123456789abcdef0")
    host = cloud.host(old)
    with pytest.raises(RestoreRefused, match=f"attached to {host}"):
        restore.plan(settings(), OTHER_ZONE)
    cloud.volume()
    with pytest.raises(ManyVolumes):
        restore.plan(settings(), OTHER_ZONE)
    assert len(living()) == 2


def test_somebody_elses_volume_is_let_alone(cloud: Cloud) -> None:
    """The tags of the stack are not enough."""
    cloud.volume(**{tags.OWNER: ANN})
    with pytest.raises(NotYours, match="user/ann"):
        restore.plan(settings(), OTHER_ZONE)


def test_the_volume_that_is_named_moves_whatever_else_carries_the_tags(cloud: Cloud) -> None:
    """As after another one was adopted: that one goes on in the other zone, the first stays as it is."""
    first, second = cloud.volume(), cloud.volume()
    done = carried_out(volumeId=second)
    assert done.replaced == second
    assert [(one.id, one.zone) for one in living() if one.id != first] == [(done.volume, OTHER_ZONE)]
    assert first in [one.id for one in living()]


@pytest.mark.parametrize("owner", [ANN, ""])
def test_a_volume_that_was_adopted_moves_whoever_made_it(cloud: Cloud, owner: str) -> None:
    """A colleague, or somebody without zagent, whose volume has no note of a format, either: named, it is meant."""
    adopted = cloud.volume(**({tags.OWNER: owner} if owner else {}))
    if not owner:
        cloud.ec2.delete_tags(Resources=[adopted], Tags=[{"Key": tags.OWNER}, {"Key": tags.FORMAT}])
    with pytest.raises(NotYours):
        restore.plan(settings(), OTHER_ZONE)
    carried_out(volumeId=adopted)
    assert [(one.zone, one.owner) for one in living()] == [(OTHER_ZONE, YOU)]
    was = volumes.with_id(settings().access, adopted)
    assert was is not None
    assert (was.owner, was.stack) == (owner, "")


def test_a_restore_of_a_named_volume_that_was_cut_off_goes_on(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it began is let go; what another one began, of the volume that is not meant, stays."""
    first, second = cloud.volume(), cloud.volume()
    others = cloud.volume(**{tags.REPLACES: first})
    plan = restore.plan(settings(volumeId=second), OTHER_ZONE)
    answering(plan.settings, "CreateVolume", cut_off, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        restore.carry_out(plan, print)
    done = carried_out(volumeId=second)
    assert {one.id for one in living()} == {first, others, done.volume}


def test_a_name_that_the_stack_has_no_volume_of(cloud: Cloud) -> None:
    """What took its place is named; of a volume that was never adopted no copy is the stack's."""
    old = cloud.volume()
    now = carried_out(volumeId=old).volume
    with pytest.raises(RestoreRefused, match=f"{old}, which lost its place to {now}") as refused:
        restore.plan(settings(volumeId=old), "us-east-1a")
    assert refused.value.advice == f"pulumi config set volumeId {now}"
    stranger = cloud.volume(**{tags.STACK: "prod"})
    with pytest.raises(RestoreRefused, match="is no volume of this stack"):
        restore.plan(settings(volumeId=stranger), OTHER_ZONE)


def run(*words: str) -> Result:
    """The command as a person would type it."""
    return CliRunner().invoke(app, ["cloud", "snapshot", "restore", *words], prog_name="zagent")


def test_the_command_asks_first_and_says_what_comes_next(cloud: Cloud) -> None:
    """Nobody to ask is a no; a dry run does nothing; yes does it."""
    old = cloud.volume()
    assert run().exit_code == 2
    assert run("--zone", OTHER_ZONE).exit_code == 86
    dry = run("--zone", OTHER_ZONE, "--dry-run")
    assert (dry.exit_code, dry.stdout) == (0, "nothing was done\n")
    assert f"{old} stays in us-east-1a" in dry.stderr
    assert [one.id for one in living()] == [old]
    done = run("--zone", OTHER_ZONE, "--yes")
    assert done.exit_code == 0, done.output
    assert "is the stack's volume now" in done.stdout
    assert "next:  pulumi up" in done.stderr
    assert f"zagent cloud volume purge {old}" in done.stderr
    assert [one.zone for one in living()] == [OTHER_ZONE]


def test_aws_that_refuses_is_a_clear_error(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a code of its own, and no traceback."""
    cloud.volume()

    def refuse(*_: object) -> None:
        raise ClientError({"Error": {"Code": "UnauthorizedOperation", "Message": "no"}}, "CreateSnapshot")

    monkeypatch.setattr(restore, "_fresh", answered()(refuse))
    done = run("--zone", OTHER_ZONE, "--yes")
    assert (done.exit_code, "Traceback" in done.output) == (54, False)
