"""What is found after volumes were named, moved, purged and lost, each by the product's own commands."""

from __future__ import annotations

from datetime import timedelta

import pytest

from infra import tags
from infra.account.snapshots import DAILY, FINAL
from infra.errors import ManyVolumes, VolumeGone
from infra.lookup.found import look
from infra.lookup.known import Known
from infra.operations import purge, restore
from tests.configured import settings
from tests.localcloud.cloud import api
from tests.localcloud.waiting import until
from tests.operations.cloud import DATA, Cloud

NOBODY = Known()


def aged(snapshot: str, days: int) -> str:
    """The snapshot, taken so many days earlier; in a test all are of one moment."""
    api.ec2().snapshots[snapshot].start_time -= timedelta(days=days)
    return snapshot


def lost(cloud: Cloud, volume: str) -> None:
    """AWS has the volume no more, and nobody purged it."""
    cloud.ec2.delete_volume(VolumeId=volume)
    until(lambda: not cloud.ec2.describe_volumes()["Volumes"])


def made_of(cloud: Cloud, volume: str) -> str:
    """The snapshot that a volume was made of."""
    return cloud.ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["SnapshotId"]


def moved(zone: str) -> restore.Restored:
    """`zagent cloud snapshot restore --zone`."""
    return restore.carry_out(restore.plan(settings(), zone), print)


def test_another_volume_leaves_the_first_with_the_stacks_tags(cloud: Cloud) -> None:
    """Once nothing tells them apart, neither the state nor volumeId, both are named; a purge leaves one."""
    first, second = cloud.volume(), cloud.volume()
    named = settings(volumeId=second)
    assert look(named, Known(first)).choice.why == f"{second} in us-east-1a, named by volumeId"
    assert look(settings(), Known(second)).choice.why == f"{second} in us-east-1a, this stack's own"
    with pytest.raises(ManyVolumes, match=f"tags of zagent/dev: {', '.join(sorted([first, second]))}$") as caught:
        look(settings(), NOBODY)
    assert caught.value.advice.startswith("pulumi config set volumeId VOL_ID ")
    assert look(named, NOBODY).choice.why == f"{second} in us-east-1a, named by volumeId"
    purge.purge(settings(), first, print)
    assert look(settings(), NOBODY).choice.why == f"{second} in us-east-1a, found by its tags"


def test_a_volume_that_moved_and_was_lost_comes_back(cloud: Cloud) -> None:
    """It had no snapshot of its own yet, and the one before it was purged: it is made of the same again.

    Purged itself, it stays away.
    """
    first = cloud.volume()
    aged(cloud.snapshot(first, **DATA, **{tags.KIND: DAILY}), 2)
    second = moved("us-east-1b").volume
    its = aged(made_of(cloud, second), 1)
    purge.purge(settings(), first, print)
    assert look(settings(), NOBODY).choice.why == f"{second} in us-east-1b, found by its tags"
    lost(cloud, second)
    again = look(settings(), NOBODY).choice.snapshot
    assert again is not None
    assert again.id == its

    third = moved("us-east-1a").volume
    assert made_of(cloud, third) == its
    purge.purge(settings(), third, print)
    assert look(settings(), NOBODY).choice.why.startswith("a blank one; ")


def test_a_volume_that_lost_its_place_is_not_gone_on_with(cloud: Cloud) -> None:
    """Though the state knows it still, as after a restore without `pulumi destroy`; then the new one is found."""
    first = cloud.volume()
    second = moved("us-east-1b").volume
    with pytest.raises(VolumeGone, match=f"state names the data volume {first}, but a restored one took") as caught:
        look(settings(), Known(first))
    assert caught.value.advice.startswith("pulumi destroy ")
    assert look(settings(), NOBODY).choice.why == f"{second} in us-east-1b, found by its tags"
    assert look(settings(volumeId=first), Known(first)).choice.why.endswith("named by volumeId")


def test_only_what_could_be_restored_is_named(cloud: Cloud) -> None:
    """Not one that came to nothing."""
    purged = cloud.volume()
    last = aged(cloud.snapshot(purged, **DATA, **{tags.KIND: FINAL}), 1)
    bad = cloud.snapshot(purged, **DATA)
    api.ec2().snapshots[bad].status = "error"
    lost(cloud, purged)
    assert look(settings(), NOBODY).choice.why.endswith(f"`restore` can name one, such as {last}")
    cloud.ec2.delete_snapshot(SnapshotId=last)
    why = f"a blank one; no snapshot of this stack is completed; the newest, {bad}, is error"
    assert look(settings(), NOBODY).choice.why == why
