"""What the API's calls about snapshots do to the disks behind them, and volumes that come from one."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.localcloud.cloud.disks import GIB, Disks
from tests.localcloud.cloud.test_instances import describe, run
from tests.localcloud.cloud.test_volumes import create, shown
from tests.localcloud.errors import LocalCloudError
from tests.localcloud.waiting import until

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import SnapshotTypeDef

pytestmark = pytest.mark.usefixtures("done")

BEFORE, AFTER = b"written before", b"written after!"
PLACES = (0, 50 * GIB, 100 * GIB - len(BEFORE))
"""Where a disk of 100 GiB is written: so far apart that a copy without holes would not fit."""


def write(disks: Disks, volume: str, content: bytes) -> None:
    """Write to a volume's disk, as a machine does: in place."""
    with disks.path(volume).open("r+b") as file:
        for place in PLACES:
            os.pwrite(file.fileno(), content, place)


def content(disks: Disks, identity: str) -> set[bytes]:
    """What is at all the places."""
    with disks.path(identity).open("rb") as file:
        return {os.pread(file.fileno(), len(BEFORE), place) for place in PLACES}


def snapshot(ec2: EC2Client, identity: str) -> SnapshotTypeDef:
    """What the API shows of a snapshot."""
    return ec2.describe_snapshots(SnapshotIds=[identity])["Snapshots"][0]


def completed(ec2: EC2Client, identity: str) -> Callable[[], bool]:
    """Whether a snapshot is."""
    return lambda: snapshot(ec2, identity)["State"] == "completed"


def taken(ec2: EC2Client, volume: str) -> str:
    """The id of a snapshot that is completed."""
    identity = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    until(completed(ec2, identity))
    return identity


def made_from(ec2: EC2Client, snapshot_id: str, **more: Any) -> str:
    """The id of a volume from a snapshot."""
    named: dict[str, Any] = {"AvailabilityZone": "us-east-1a", "VolumeType": "gp3"}
    return ec2.create_volume(SnapshotId=snapshot_id, **named | more)["VolumeId"]


def test_a_snapshot_is_of_the_moment_of_the_call(ec2: EC2Client, disks: Disks, done: threading.Event) -> None:
    """What is written once CreateSnapshot has answered is not in it, pending as it may be; holes stay holes."""
    done.clear()
    volume = create(ec2)
    write(disks, volume, BEFORE)
    made = ec2.create_snapshot(VolumeId=volume, Description="d")
    write(disks, volume, AFTER)
    assert (made["State"], made["Progress"]) == ("pending", "0%")
    done.set()
    until(completed(ec2, made["SnapshotId"]))
    told = snapshot(ec2, made["SnapshotId"])
    assert (told["VolumeId"], told["VolumeSize"], told["Progress"]) == (volume, 100, "100%")
    assert content(disks, made["SnapshotId"]) == {BEFORE}
    assert disks.path(made["SnapshotId"]).stat().st_blocks < 1000


def test_a_volume_from_a_snapshot_has_its_content(ec2: EC2Client, disks: Disks) -> None:
    """In another zone, when the volume is long gone, twice, and larger if asked; later writes are its own."""
    volume = create(ec2)
    write(disks, volume, BEFORE)
    source = taken(ec2, volume)
    ec2.delete_volume(VolumeId=volume)
    same, larger = made_from(ec2, source, AvailabilityZone="us-east-1b"), made_from(ec2, source, Size=200)
    write(disks, same, AFTER)
    assert content(disks, source) == content(disks, larger) == {BEFORE}
    assert (shown(ec2, same)["Size"], shown(ec2, same)["AvailabilityZone"]) == (100, "us-east-1b")
    assert (shown(ec2, larger)["SnapshotId"], disks.path(larger).stat().st_size) == (source, 200 * GIB)


def test_a_volume_is_not_smaller_than_its_snapshot(ec2: EC2Client) -> None:
    """As AWS words it."""
    source = taken(ec2, create(ec2))
    with pytest.raises(ClientError, match=r"InvalidParameterValue.*expect size >= 100GB"):
        made_from(ec2, source, Size=99)
    assert len(ec2.describe_volumes()["Volumes"]) == 1


def test_a_pending_snapshot_is_of_no_use_yet(ec2: EC2Client, done: threading.Event) -> None:
    """No volume comes from it, and no copy."""
    done.clear()
    pending = ec2.create_snapshot(VolumeId=create(ec2))["SnapshotId"]
    with pytest.raises(ClientError, match=r"IncorrectState.*pending"):
        made_from(ec2, pending)
    with pytest.raises(ClientError, match="IncorrectState"):
        ec2.copy_snapshot(SourceSnapshotId=pending, SourceRegion="us-east-1")
    done.set()
    until(completed(ec2, pending))
    made_from(ec2, pending)


def test_encryption_follows_the_snapshot(ec2: EC2Client) -> None:
    """The volume's key is the snapshot's, and the snapshot's is its volume's."""
    key = "arn:aws:kms:us-east-1:123456789012:key/of-the-test"
    zone = "us-east-1a"
    volume = ec2.create_volume(AvailabilityZone=zone, Size=1, VolumeType="gp3", Encrypted=True, KmsKeyId=key)
    source = taken(ec2, volume["VolumeId"])
    assert (snapshot(ec2, source)["Encrypted"], snapshot(ec2, source)["KmsKeyId"]) == (True, key)
    told = shown(ec2, made_from(ec2, source))
    assert (told["Encrypted"], told["KmsKeyId"]) == (True, key)
    assert not shown(ec2, made_from(ec2, taken(ec2, create(ec2))))["Encrypted"]


def test_a_snapshot_keeps_the_size_that_its_volume_had(ec2: EC2Client, disks: Disks) -> None:
    """Although the volume grows."""
    volume = create(ec2)
    source = taken(ec2, volume)
    ec2.modify_volume(VolumeId=volume, Size=150)
    assert snapshot(ec2, source)["VolumeSize"] == 100
    assert disks.path(source).stat().st_size == 100 * GIB


def test_a_deleted_snapshot_has_no_disk(ec2: EC2Client, disks: Disks) -> None:
    """DeleteSnapshot removes its content, and no other: not the volume's, nor that of a volume from it."""
    volume = create(ec2)
    write(disks, volume, BEFORE)
    source, other = taken(ec2, volume), taken(ec2, volume)
    from_it = made_from(ec2, source)
    ec2.delete_snapshot(SnapshotId=source)
    assert {one.stem for one in disks.folder.glob("*.raw")} == {volume, other, from_it}
    assert content(disks, volume) == content(disks, from_it) == {BEFORE}
    with pytest.raises(ClientError, match=r"InvalidSnapshot.NotFound"):
        ec2.delete_snapshot(SnapshotId=source)


def test_the_snapshot_of_an_image_stays(ec2: EC2Client) -> None:
    """It can't be deleted, and a volume from it is of zeros."""
    [image] = ec2.describe_images(Owners=["amazon"], MaxResults=1000)["Images"][:1]
    source = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    with pytest.raises(ClientError, match=r"InvalidSnapshot.InUse"):
        ec2.delete_snapshot(SnapshotId=source)
    assert shown(ec2, made_from(ec2, source))["Size"] == 75


def test_an_instances_volumes_are_snapshot_together(ec2: EC2Client, disks: Disks) -> None:
    """CreateSnapshots: the root's, too, which holds zeros here, unless it is to be left out."""
    instance = run(ec2, BlockDeviceMappings=[{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 100}}])
    data = next(one for one in describe(ec2, instance)["BlockDeviceMappings"] if one["DeviceName"] == "/dev/sdf")
    write(disks, data["Ebs"]["VolumeId"], BEFORE)
    both = ec2.create_snapshots(InstanceSpecification={"InstanceId": instance})["Snapshots"]
    assert sorted(disks.path(one["SnapshotId"]).stat().st_size // GIB for one in both) == [75, 100]
    [one] = ec2.create_snapshots(InstanceSpecification={"InstanceId": instance, "ExcludeBootVolume": True})["Snapshots"]
    assert content(disks, one["SnapshotId"]) == {BEFORE}


def test_a_copy_has_the_content(ec2: EC2Client, endpoint: str, disks: Disks) -> None:
    """In the same region and in another, and without what it was copied from."""
    volume = create(ec2)
    write(disks, volume, BEFORE)
    source = taken(ec2, volume)
    west = boto3.Session("x", "y", region_name="us-west-2").client("ec2", endpoint_url=endpoint)
    copies = [one.copy_snapshot(SourceSnapshotId=source, SourceRegion="us-east-1")["SnapshotId"] for one in (ec2, west)]
    until(completed(ec2, copies[0]))
    until(completed(west, copies[1]))
    ec2.delete_snapshot(SnapshotId=source)
    assert content(disks, copies[0]) == content(disks, copies[1]) == {BEFORE}
    made = west.create_volume(AvailabilityZone="us-west-2a", SnapshotId=copies[1])["VolumeId"]
    assert content(disks, made) == {BEFORE}


def test_a_disk_that_can_not_be_copied_makes_no_snapshot(ec2: EC2Client, disks: Disks) -> None:
    """The call says why, and nothing is left."""
    volume = create(ec2)
    disks.remove(volume)
    with pytest.raises(ClientError, match=f"The disk of {volume} can't be copied"):
        ec2.create_snapshot(VolumeId=volume)
    assert ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []
    assert not list(disks.folder.glob("snap-*"))


def test_a_copy_never_replaces_another_disk(disks: Disks) -> None:
    """Nor is anything left of the attempt."""
    for identity in ("vol-1", "snap-1"):
        disks.path(identity).write_text(identity)
    with pytest.raises(FileExistsError):
        disks.copy("vol-1", "snap-1", 1)
    assert disks.path("snap-1").read_text() == "snap-1"
    with pytest.raises(LocalCloudError, match="can't be copied"):
        disks.copy("vol-2", "snap-2", 1)
    assert {one.name for one in disks.folder.iterdir()} == {"vol-1.raw", "snap-1.raw"}


def test_ones_own_snapshots_are_not_those_of_images(ec2: EC2Client) -> None:
    """OwnerIds, by which programs ask."""
    assert ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []
    source = taken(ec2, create(ec2))
    for owner in ("self", "123456789012"):
        assert [one["SnapshotId"] for one in ec2.describe_snapshots(OwnerIds=[owner])["Snapshots"]] == [source]
    assert len(ec2.describe_snapshots()["Snapshots"]) > 1
