"""Restore and purge take minutes: what may happen meanwhile, and after they were cut off, loses nothing."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra import tags
from infra.account import snapshots, volumes
from infra.account.snapshots import FINAL, Snapshot
from infra.account.volumes import Volume
from infra.errors import CloudRefused, RestoreRefused, SnapshotFailed, VolumeRefused
from infra.lookup.volume import newest
from infra.operations import purge, restore
from infra.operations import volumes as listing
from tests.configured import settings
from tests.localcloud.cloud.ec2.image import AMI_ID
from tests.localcloud.waiting import until
from tests.operations.cloud import DATA, YOU, Cloud
from tests.operations.meddling import answering, cut_off

ZONE = "us-east-1b"


def living() -> list[str]:
    """What is the stack's."""
    return [one.id for one in volumes.with_tags(settings().access, settings().own_tags)]


def there(volume_id: str) -> Volume:
    """A volume that lives."""
    found = volumes.with_id(settings().access, volume_id)
    assert found is not None
    return found


def would_be_restored() -> Snapshot | None:
    """What `pulumi up` would make a volume of."""
    return newest(snapshots.with_tags(settings().access, settings().own_tags), YOU)


def interrupted(monkeypatch: pytest.MonkeyPatch) -> str:
    """A restore that was cut off once its volume was made; the volume."""
    before, own = set(living()), settings()
    answering(own, "CreateVolume", cut_off, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        restore.carry_out(restore.plan(own, ZONE), print)
    (made,) = set(living()) - before
    return made


def test_a_volume_that_is_attached_during_a_restore_stays_the_stacks(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written to it is on no copy; the copy is given up, and can be purged."""
    old, own = cloud.volume(), settings()

    def attach() -> None:
        cloud.host(old)

    answering(own, "CreateVolume", attach, monkeypatch)
    with pytest.raises(RestoreRefused, match=f"{old} was put to use") as raised:
        restore.carry_out(restore.plan(own, ZONE), print)
    assert living() == [old]
    made = raised.value.advice.split("purge ")[1].split("`")[0]
    assert there(made).tags[tags.FORMER] == "zagent/dev"


def test_what_a_cut_off_restore_made_is_not_used(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old volume may have been written to since; the next restore begins anew, and both stay."""
    old = cloud.volume()
    begun = interrupted(monkeypatch)
    done = restore.carry_out(restore.plan(settings(), ZONE), print)
    assert living() == [done.volume]
    assert begun != done.volume != old
    assert {there(one).tags[tags.FORMER] for one in (old, begun)} == {"zagent/dev"}


def test_after_a_cut_off_restore_a_snapshot_that_is_named_is_the_one(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the first one took."""
    named = cloud.snapshot(cloud.volume(), **DATA)
    interrupted(monkeypatch)
    done = restore.carry_out(restore.plan(settings(), ZONE, named), print)
    assert there(done.volume).snapshot == named


def test_after_a_cut_off_restore_another_zone_will_do(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if there had been none."""
    cloud.volume()
    interrupted(monkeypatch)
    done = restore.carry_out(restore.plan(settings(), "us-east-1c"), print)
    assert (living(), there(done.volume).zone) == ([done.volume], "us-east-1c")


def test_what_a_cut_off_restore_made_is_let_alone_while_in_use(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody took it for the stack's."""
    cloud.volume()
    begun = interrupted(monkeypatch)
    where: Any = {"InstanceType": "g6e.xlarge", "Placement": {"AvailabilityZone": ZONE}}
    host = cloud.ec2.run_instances(ImageId=AMI_ID, MinCount=1, MaxCount=1, **where)["Instances"][0]["InstanceId"]
    cloud.ec2.attach_volume(VolumeId=begun, InstanceId=host, Device="/dev/sdf")
    with pytest.raises(RestoreRefused, match=f"{begun} is attached to {host}"):
        restore.plan(settings(), ZONE)


def test_a_cut_off_restore_lists_no_volume_twice(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where both tags are on it."""
    old, own = cloud.volume(), settings()
    answering(own, "CreateTags", cut_off, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        restore.carry_out(restore.plan(own, ZONE), print)
    assert tags.FORMER in there(old).tags
    assert len(listing.of_stack(settings())) == 2


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"volumeThroughput": 2000}, "2000 MiB/s"),
        ({"volumeSizeGib": 1}, "holds 4 GiB"),
        ({"volumeIops": 100}, "100 IOPS"),
    ],
)
def test_what_gp3_cannot_be_is_told_before_a_snapshot_is_taken(
    cloud: Cloud, changed: dict[str, object], why: str
) -> None:
    """A snapshot takes minutes, or hours."""
    cloud.volume()
    with pytest.raises(VolumeRefused, match=why):
        restore.plan(settings(**changed), ZONE)


def test_a_volume_of_another_kind_becomes_a_usual_one() -> None:
    """Its IOPS may be more than gp3 has."""
    own = {"encrypted": True, "key": "", "snapshot": "", "attached_to": (), "tags": DATA}
    old = Volume("vol-1", "us-east-1a", 20, "io2", 64_000, 0, **own)  # type: ignore[arg-type]
    assert restore.disk(settings(), old, None) == restore.Disk(20, 500, 3_000)
    assert restore.disk(settings(), None, None) == restore.Disk(100, 500, 3_000)


def test_a_cut_off_purge_of_what_a_restore_left_brings_back_nothing(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its last snapshot is newer than the stack's own, and holds what was long ago."""
    former, now = cloud.volume(), cloud.volume()
    cloud.ec2.create_tags(Resources=[former], Tags=tags.listed({tags.FORMER: "zagent/dev"}))
    gone: Any = [{"Key": one} for one in (tags.PROJECT, tags.STACK, tags.SNAPSHOTS)]
    cloud.ec2.delete_tags(Resources=[former], Tags=gone)
    good, own = cloud.snapshot(now, **DATA), settings()
    answering(own, "CreateSnapshot", cut_off, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        purge.purge(own, former, print)
    until(lambda: all(one.completed for one in snapshots.with_tags(settings().access, {})))
    found = would_be_restored()
    assert found is not None
    assert found.id == good
    last = purge.purge(settings(), former, print)
    final = snapshots.with_id(settings().access, last.id)
    assert final is not None
    assert (final.kind, final.tags[tags.STACK]) == (FINAL, "dev")


def test_a_deletion_that_aws_refuses_leaves_all_as_before(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The volume lives, so it does not count as purged: its snapshots restore it."""
    volume, own = cloud.volume(), settings()
    real: Any = own.access.ec2._make_api_call  # type: ignore[attr-defined]

    def refusing(name: str, asked: dict[str, Any]) -> Any:
        if name == "DeleteVolume":
            raise ClientError({"Error": {"Code": "VolumeInUse", "Message": "no"}}, name)
        return real(name, asked)

    monkeypatch.setattr(own.access.ec2, "_make_api_call", refusing)
    with pytest.raises(CloudRefused):
        purge.purge(own, volume, print)
    assert living() == [volume]
    found = would_be_restored()
    assert found is not None
    assert found.volume == volume


def test_a_purge_that_was_cut_off_before_the_deletion_is_ended_by_the_next(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a snapshot of then."""
    volume, own = cloud.volume(), settings()
    answering(own, "CreateTags", cut_off, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        purge.purge(own, volume, print)
    assert living() == [volume]
    purge.purge(settings(), volume, print)
    assert living() == []


def test_a_snapshot_that_somebody_deletes_is_not_waited_for(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """It will never be completed."""
    volume, own = cloud.volume(), settings()

    def delete() -> None:
        (one,) = cloud.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
        cloud.ec2.delete_snapshot(SnapshotId=one["SnapshotId"])

    answering(own, "CreateSnapshot", delete, monkeypatch)
    with pytest.raises(SnapshotFailed, match="is not there any more"):
        purge.purge(own, volume, print)
    assert living() == [volume]
