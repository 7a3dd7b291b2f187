"""Everything that is found out before anything is declared, of the API that the repository serves."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from infra import tags
from infra.account.caller import Caller
from infra.account.quotas import code_of
from infra.account.snapshots import DAILY, FINAL
from infra.errors import (
    CloudError,
    HostLeftBehind,
    LoginKeyUnusable,
    NoImage,
    NoSnapshot,
    NoWayIn,
    OtherStack,
    QuotaTooSmall,
    SnapshotNotYours,
    TypeNotOffered,
    VolumeGone,
    VolumeRefused,
    WrongZone,
)
from infra.lookup.found import look
from infra.lookup.known import Known
from infra.lookup.login import public_half
from tests import login_key
from tests.configured import REGION, settings
from tests.localcloud.cloud import api
from tests.localcloud.cloud.ec2.image import AMI_ID, OTHER_AMI_ID
from tests.localcloud.cloud.quotas import EC2
from tests.localcloud.waiting import until
from tests.lookup.regions import without_image
from tests.lookup.things import OTHER
from tests.operations.cloud import DATA, YOU, Cloud

GONE = "vol-0123456789abcdef0"


def ids(cloud: Cloud) -> list[set[str]]:
    """Everything that costs money, or that a next run would take for the stack's."""
    groups = cloud.ec2.describe_instances()["Reservations"]
    return [
        {one["VolumeId"] for one in cloud.ec2.describe_volumes()["Volumes"]},
        {one["SnapshotId"] for one in cloud.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]},
        {one["InstanceId"] for group in groups for one in group["Instances"]},
        {one["PolicyId"] for one in cloud.dlm.get_lifecycle_policies()["Policies"]},
    ]


def test_a_fresh_account(cloud: Cloud) -> None:
    """A blank volume, in the first zone that offers the type; nothing is made yet."""
    before = ids(cloud)
    found = look(settings(), Known())
    assert found.caller == Caller("123456789012", YOU)
    assert (found.choice.volume, found.choice.snapshot) == (None, None)
    assert found.choice.why == "a blank one; no volume or snapshot carries this stack's tags"
    assert (found.size, found.zone, found.zone) == (100, "us-east-1a", found.offered[0])
    assert (found.image, found.policy, found.root_policy, found.stopped) == (AMI_ID, "", "", "")
    assert found.warnings == []
    assert cloud.ec2.describe_volumes()["Volumes"] == []
    assert ids(cloud) == before


def test_a_purged_volume_is_not_brought_back_by_itself(cloud: Cloud) -> None:
    """But it is told which of its snapshots could be."""
    purged = cloud.volume()
    cloud.snapshot(purged, **DATA, **{tags.KIND: DAILY})
    last = cloud.snapshot(purged, **DATA, **{tags.KIND: FINAL})
    cloud.ec2.delete_volume(VolumeId=purged)
    found = look(settings(), Known())
    assert (found.choice.volume, found.choice.snapshot) == (None, None)
    assert "of a volume not purged; `restore` can name one, such as snap-" in found.choice.why
    named = look(settings(restore=last), Known()).choice.snapshot
    assert named is not None
    assert named.id == last


def test_what_is_configured_goes_first(cloud: Cloud) -> None:
    """Another zone, an image, no GPU; a snapshot is not restored if a blank volume is wanted."""
    cloud.snapshot(cloud.volume(**{tags.STACK: "prod"}), **DATA)
    wanted = {"availabilityZone": "us-east-1b", "amiId": OTHER_AMI_ID, "instanceType": "m5.large", "restore": "blank"}
    found = look(settings(**wanted, volumeSizeGib=40), Known())
    assert (found.zone, found.image, found.size) == ("us-east-1b", OTHER_AMI_ID, 40)
    assert found.choice.why == "a blank one; restore is blank"
    assert found.warnings == ["m5.large has no GPU that AWS tells of"]


@pytest.mark.parametrize(
    ("wanted", "error", "words"),
    [
        ({"instanceType": "p4d.24xlarge"}, QuotaTooSmall, r"needs 96 vCPUs, .* may run 0 .* \(quota L-417A185B\)"),
        ({"instanceType": "g9x.huge"}, TypeNotOffered, "g9x.huge is not offered in this region; it is in no zone"),
        ({"availabilityZone": "us-east-1z"}, TypeNotOffered, "not offered in us-east-1z; it is in us-east-1a"),
        ({"volumeThroughput": 1000}, VolumeRefused, "0.25 MiB/s for each of its 3000 IOPS"),
        ({"volumeId": GONE}, VolumeGone, f"volumeId names the data volume {GONE}, but AWS has no such volume"),
        ({"restore": "snap-0123456789abcdef0"}, NoSnapshot, "there is none of that id"),
    ],
)
def test_what_can_not_be_is_told_before_anything_is_made(
    cloud: Cloud, wanted: dict[str, object], error: type[CloudError], words: str
) -> None:
    """Each is the only thing in the way of a fresh account."""
    before = ids(cloud)
    with pytest.raises(error, match=words):
        look(settings(**wanted), Known())
    assert cloud.ec2.describe_volumes()["Volumes"] == []
    assert ids(cloud) == before


def test_a_region_without_the_image(cloud: Cloud) -> None:
    """The person may name one."""
    without_image(REGION)
    with pytest.raises(NoImage, match="PyTorch in us-east-1: no parameter /aws/service/deeplearning/"):
        look(settings(), Known())
    assert look(settings(amiId=AMI_ID), Known()).image == AMI_ID
    assert cloud.ec2.describe_volumes()["Volumes"] == []


@pytest.mark.parametrize(
    ("installed", "missing"),
    [
        ((), "aws and session-manager-plugin"),
        (("aws",), "session-manager-plugin"),
        (("aws", "session-manager-plugin"), ""),
    ],
)
def test_without_an_address_the_tools_are_needed(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: tuple[str, ...], missing: str
) -> None:
    """With one they are not; this is told first."""
    (tmp_path / "bin").mkdir()
    for one in installed:
        (tmp_path / "bin" / one).touch(0o755)
    monkeypatch.setenv("PATH", os.fspath(tmp_path / "bin"))
    assert look(settings(), Known()).size == 100
    if missing:
        with pytest.raises(NoWayIn, match=f"sshCidrs is empty, .* but {missing} can't be found here"):
            look(settings(sshCidrs=[]), Known())
    else:
        assert look(settings(sshCidrs=[]), Known()).size == 100
    assert cloud.ec2.describe_volumes()["Volumes"] == []


def test_a_volume_that_outlived_its_stack_is_adopted(cloud: Cloud) -> None:
    """By its tags, with its size and its snapshot policies; newer snapshots of it are no matter."""
    made, policy, root = cloud.volume(), cloud.policy(), cloud.policy("zagent/dev/root")
    cloud.snapshot(made, **DATA)
    found = look(settings(), Known())
    assert found.choice.why == f"{made} in us-east-1a, found by its tags"
    assert (found.size, found.zone, found.policy, found.root_policy) == (4, "us-east-1a", policy, "")
    assert look(settings(snapshotRoot=True), Known()).root_policy == root
    with pytest.raises(WrongZone, match=f"{made} lives in us-east-1a"):
        look(settings(availabilityZone="us-east-1b"), Known())


def test_a_volume_by_its_name(cloud: Cloud) -> None:
    """It may be somebody else's, but no other stack's."""
    theirs, foreign = cloud.volume(**{tags.OWNER: OTHER}), cloud.volume(**{tags.STACK: "prod"})
    assert look(settings(volumeId=theirs), Known()).choice.why == f"{theirs} in us-east-1a, named by volumeId"
    with pytest.raises(OtherStack, match=f"{foreign} belongs to zagent/prod"):
        look(settings(volumeId=foreign), Known())


def test_the_states_own_volume_and_host(cloud: Cloud) -> None:
    """Its host holds it. A lost state is told from a foreign host."""
    made = cloud.volume()
    host = cloud.host(made)
    found = look(settings(), Known(made, host))
    assert (found.choice.why, found.stopped) == (f"{made} in us-east-1a, this stack's own", "")
    with pytest.raises(HostLeftBehind, match=f"{made} is attached to {host}"):
        look(settings(), Known())


def test_the_quota_of_a_host_that_is_there(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has what it has; another type is asked for before the host is stopped, which it might stay."""
    made = cloud.volume()
    known = Known(made, cloud.host(made))
    with pytest.raises(QuotaTooSmall, match=r"p4d.24xlarge needs 96 vCPUs, .* may run 0"):
        look(settings(instanceType="p4d.24xlarge"), known)
    assert look(settings(instanceType="g6e.4xlarge"), known).stopped == ""
    monkeypatch.setitem(EC2, code_of("g6e.xlarge"), ("Running On-Demand G and VT instances", 0.0))
    assert look(settings(), known).stopped == ""
    with pytest.raises(QuotaTooSmall, match=r"g6e.4xlarge needs 16 vCPUs, .* may run 0"):
        look(settings(instanceType="g6e.4xlarge"), known)
    cloud.ec2.terminate_instances(InstanceIds=[known.instance])
    until(lambda: cloud.state(known.instance) == "terminated")
    with pytest.raises(QuotaTooSmall, match=r"g6e.xlarge needs 4 vCPUs, .* may run 0"):
        look(settings(), known)


def test_a_host_that_takes_another_volume(cloud: Cloud) -> None:
    """It will be stopped for that, and must be started; once it has it, nothing of the kind."""
    first, second = cloud.volume(), cloud.volume()
    host = cloud.host(first)
    named = settings(volumeId=second)
    assert look(named, Known(first, host)).stopped == "it gives its data volume back for another"
    assert look(named, Known(second, host)).stopped == ""
    assert look(named, Known(first)).stopped == ""
    assert look(named, Known("", host)).stopped == ""


def test_a_stopped_host(cloud: Cloud) -> None:
    """EC2's reason is told; a host that is gone is not stopped."""
    made = cloud.volume()
    host = cloud.host(made)
    cloud.ec2.stop_instances(InstanceIds=[host])
    until(lambda: cloud.state(host) == "stopped")
    assert look(settings(), Known(made, host)).stopped.startswith("User initiated")
    cloud.ec2.terminate_instances(InstanceIds=[host])
    until(lambda: cloud.state(host) == "terminated")
    assert look(settings(), Known(made, host)).stopped == ""


def test_the_states_volume_is_gone(cloud: Cloud) -> None:
    """No other is made in its place before the state is told."""
    cloud.snapshot(cloud.volume(**{tags.STACK: "prod"}), **DATA)
    with pytest.raises(VolumeGone, match=f"state names the data volume {GONE}, but AWS has no such") as caught:
        look(settings(), Known(volume=GONE))
    assert caught.value.advice.startswith("pulumi refresh ")
    assert caught.value.advice.endswith("restores the newest snapshot if there is one")
    with pytest.raises(VolumeGone) as caught:
        look(settings(restore="blank"), Known(volume=GONE))
    assert "as restore says: blank; pulumi config set restore auto " in caught.value.advice


def test_a_host_is_not_replaced_for_another_login_key(cloud: Cloud, tmp_path: Path) -> None:
    """The one that it was made with is asked for; once it is gone, the next is made with the other."""
    own, other = (login_key.written(tmp_path / name) for name in ("own", "other"))
    made = cloud.volume()
    known = Known(made, cloud.host(made), f"{public_half(own)} a comment")
    assert look(settings(sshPrivateKeyFile=str(own)), known).stopped == ""
    with pytest.raises(LoginKeyUnusable, match=f"{other} can't be used to log in to {known.instance}: ") as caught:
        look(settings(sshPrivateKeyFile=str(other)), known)
    assert "pulumi config set sshPrivateKeyFile FILE " in caught.value.advice
    cloud.ec2.terminate_instances(InstanceIds=[known.instance])
    until(lambda: cloud.state(known.instance) == "terminated")
    assert look(settings(sshPrivateKeyFile=str(other)), known).stopped == ""


def test_the_newest_snapshot_is_restored(cloud: Cloud) -> None:
    """Where no volume lives, and whatever the zone; a named one goes first."""
    lost = cloud.volume()
    last, first = cloud.snapshot(lost, **DATA), cloud.snapshot(lost, **DATA)
    api.ec2().snapshots[first].start_time -= timedelta(days=1)
    cloud.ec2.delete_volume(VolumeId=lost)
    until(lambda: not cloud.ec2.describe_volumes()["Volumes"])
    found = look(settings(availabilityZone="us-east-1b"), Known())
    assert found.choice.snapshot
    assert (found.choice.volume, found.zone, found.size) == (None, "us-east-1b", 100)
    assert found.choice.snapshot.id == last
    named = look(settings(restore=first), Known()).choice
    assert named.snapshot
    assert (named.snapshot.id, named.why.endswith(", named by restore")) == (first, True)


def test_others_snapshots_are_not_restored(cloud: Cloud) -> None:
    """Nor is a blank volume made beside them."""
    taken = cloud.snapshot(cloud.volume(**{tags.STACK: "prod"}), **DATA | {tags.OWNER: OTHER})
    with pytest.raises(SnapshotNotYours, match=f"{taken}, was made by {OTHER}; you are {YOU}"):
        look(settings(), Known())


def test_another_region_is_asked_alone(cloud: Cloud) -> None:
    """What lives in one region is nothing to a stack in another."""
    cloud.volume()
    found = look(replace(settings(), region="us-west-2"), Known())
    assert (found.choice.volume, found.zone[:-1]) == (None, "us-west-2")
