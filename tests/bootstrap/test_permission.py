"""The permission to format, on EC2's API as moto has it; and the search for a stack's host."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends
from moto.server import ThreadedMotoServer

from infra.account import sessions
from infra.account.access import Access
from infra.account.origin import NO_VOLUME
from infra.bootstrap.permission import GIB, NoRecord, Record, VolumeTag, Vouched, parse
from infra.bootstrap.want import serial_of
from infra.errors import CloudRefused, DiskMissing, ManyVolumes, NoHost, NoWayIn
from infra.operations import find
from infra.tags import FORMAT as TAG
from infra.tags import MADE_OF, OWNER
from tests.configured import settings

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

UUID = "11111111-2222-4333-8444-555555555555"
OURS = [{"Key": "zagent:project", "Value": "zagent"}, {"Key": "zagent:stack", "Value": "dev"}]
MADE = [*OURS, {"Key": OWNER, "Value": "arn:aws:iam::123456789012:user/you"}]


@pytest.fixture
def ec2(monkeypatch: pytest.MonkeyPatch) -> Iterator[EC2Client]:
    """EC2's API on loopback."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    reset = urllib.request.Request(f"http://{host}:{port}/moto-api/reset", method="POST")  # its state is this process's
    try:
        urllib.request.urlopen(reset).close()
        yield boto3.client("ec2", region_name="us-east-1")
    finally:
        server.stop()


def volume(ec2: EC2Client, tags: list[Any] = MADE, **more: Any) -> str:
    """A new volume's id."""
    specification: Any = [{"ResourceType": "volume", "Tags": tags}]
    asked = {"AvailabilityZone": "us-east-1a", "Size": 64, **more}
    return str(ec2.create_volume(TagSpecifications=specification, **asked)["VolumeId"])


def permission(volume_id: str) -> VolumeTag:
    """The permission of a volume of zagent/dev."""
    return VolumeTag(volume_id, "zagent", "dev", Access("us-east-1"))


def test_a_new_volume_goes_through_its_phases_once(ec2: EC2Client) -> None:
    """Absent, formatting, done; at each the tag tells whoever comes next."""
    made = permission(volume(ec2))
    assert made.read() == Record(64 * GIB, ours=True, made_here=True, blank_born=True)
    assert made.read().against == []
    made.begin(UUID)
    assert (made.read().phase, made.read().uuid) == ("formatting", UUID)
    assert made.read().against == []
    made.finish(UUID)
    assert (made.read().phase, made.read().uuid) == ("done", UUID)
    assert made.read().against


def test_the_note_leaves_other_tags_alone(ec2: EC2Client) -> None:
    """Pulumi's tags stay, so that the volume is found again."""
    made = volume(ec2)
    permission(made).finish(UUID)
    tags = {one["Key"] for one in ec2.describe_volumes(VolumeIds=[made])["Volumes"][0]["Tags"]}
    assert tags == {"zagent:project", "zagent:stack", OWNER, TAG}


def test_another_stacks_volume_is_not_ours(ec2: EC2Client) -> None:
    """Both tags must agree."""
    other = [*MADE[2:], OURS[0], {"Key": "zagent:stack", "Value": "prod"}]
    assert not permission(volume(ec2, other)).read().ours
    assert not permission(volume(ec2, [{"Key": "Name", "Value": "data"}])).read().ours


def test_a_volume_that_was_adopted_is_not_formatted(ec2: EC2Client) -> None:
    """`pulumi up` puts the stack's tags on whatever volumeId names; who made it is said of its own volumes alone."""
    adopted = permission(volume(ec2, OURS))
    assert (adopted.read().ours, adopted.read().made_here) == (True, False)
    assert adopted.read().against == ["it was adopted, and made by somebody else: it has no tag zagent:owner"]


def test_a_volume_from_a_snapshot_holds_data(ec2: EC2Client) -> None:
    """However blank it looks."""
    snapshot = ec2.create_snapshot(VolumeId=volume(ec2))["SnapshotId"]
    assert permission(volume(ec2, SnapshotId=snapshot)).read().against


def test_a_volume_knows_where_its_data_came_from(ec2: EC2Client) -> None:
    """Through all volumes in between, as long as each is there; a volume that was made blank came from none."""
    first = volume(ec2)
    second = volume(ec2, SnapshotId=ec2.create_snapshot(VolumeId=first)["SnapshotId"])
    last = ec2.create_snapshot(VolumeId=second)["SnapshotId"]
    third = volume(ec2, SnapshotId=last)
    assert permission(third).read().ancestors == (serial_of(second), serial_of(first))
    assert permission(first).read().ancestors == ()
    ec2.delete_volume(VolumeId=second)
    assert permission(third).read().ancestors == (serial_of(second),)
    ec2.delete_snapshot(SnapshotId=last)
    assert permission(third).read() == Record(64 * GIB, ours=True, made_here=True, from_elsewhere=True)


@pytest.mark.parametrize("owner", [MADE[2]["Value"], "arn:aws:iam::123456789012:user/ann", ""])
def test_a_volume_of_another_owners_snapshot_comes_from_elsewhere(ec2: EC2Client, owner: str) -> None:
    """The snapshot tells whose it is, or the volume that it was taken of; once the format is noted nobody asks."""
    tagged = [*OURS, *([{"Key": OWNER, "Value": owner}] if owner else [])]
    first, theirs = volume(ec2, tagged), owner != MADE[2]["Value"]
    copied: Any = [{"ResourceType": "snapshot", "Tags": tagged}]
    bare = permission(volume(ec2, SnapshotId=ec2.create_snapshot(VolumeId=first)["SnapshotId"]))
    made = ec2.create_snapshot(VolumeId=volume(ec2) if theirs and owner else first, TagSpecifications=copied)
    told = permission(volume(ec2, SnapshotId=made["SnapshotId"]))
    assert (bare.read().from_elsewhere, told.read().from_elsewhere) == (theirs, theirs)
    ec2.delete_volume(VolumeId=first)
    assert bare.read().from_elsewhere, "nothing tells it any more"
    told.finish(UUID)
    assert not told.read().from_elsewhere


def test_a_snapshot_from_another_region_tells_nothing(ec2: EC2Client) -> None:
    """The id of a volume that a copied snapshot shows is arbitrary, and could be anybody's."""
    snapshot = ec2.create_snapshot(VolumeId=volume(ec2))["SnapshotId"]
    made = volume(ec2, SnapshotId=snapshot)
    ec2_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].snapshots[snapshot].volume.id = NO_VOLUME
    assert permission(made).read().ancestors == ()


def made_of(snapshot: str, of: str) -> list[Any]:
    """The tags of a volume that a restore made."""
    return [*MADE, {"Key": MADE_OF, "Value": f"{snapshot} of {of}"}]


def test_what_a_restore_noted_outlives_the_snapshot(ec2: EC2Client) -> None:
    """And the volume that it was taken of: both may be deleted before the new one was ever mounted."""
    first = volume(ec2)
    snapshot = ec2.create_snapshot(VolumeId=first)["SnapshotId"]
    second = volume(ec2, made_of(snapshot, first), SnapshotId=snapshot)
    ec2.delete_snapshot(SnapshotId=snapshot)
    ec2.delete_volume(VolumeId=first)
    assert permission(second).read().ancestors == (serial_of(first),)


def test_what_a_restore_noted_goes_on_with_the_snapshots_of_its_volume(ec2: EC2Client) -> None:
    """They have its tags, and tell where it came from when it is gone; the marker may know no later one."""
    first = volume(ec2)
    earlier = ec2.create_snapshot(VolumeId=first)["SnapshotId"]
    second = volume(ec2, made_of(earlier, first), SnapshotId=earlier)
    copied: Any = [{"ResourceType": "snapshot", "Tags": made_of(earlier, first)}]
    later = ec2.create_snapshot(VolumeId=second, TagSpecifications=copied)["SnapshotId"]
    third = volume(ec2, SnapshotId=later)
    ec2.delete_snapshot(SnapshotId=earlier)
    ec2.delete_volume(VolumeId=second)
    assert permission(third).read().ancestors == (serial_of(second), serial_of(first))


def test_the_note_counts_before_what_aws_says(ec2: EC2Client) -> None:
    """The snapshot may be a copy by now that shows no volume; its id is the same."""
    first = volume(ec2)
    snapshot = ec2.create_snapshot(VolumeId=first)["SnapshotId"]
    made = volume(ec2, made_of(snapshot, first), SnapshotId=snapshot)
    ec2_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].snapshots[snapshot].volume.id = NO_VOLUME
    assert permission(made).read().ancestors == (serial_of(first),)


@pytest.mark.parametrize("noted", ["snap-0123456789abcdef0 of vol-0123456789abcdef0", "snap-1", "", "{} of me"])
def test_a_note_that_does_not_name_the_snapshot_is_none(ec2: EC2Client, noted: str) -> None:
    """Which snapshot a volume was made of AWS alone says: a tag that went astray counts for nothing."""
    first = volume(ec2)
    snapshot = ec2.create_snapshot(VolumeId=first)["SnapshotId"]
    tagged = [*MADE, {"Key": MADE_OF, "Value": noted.format(snapshot)}]
    made = volume(ec2, tagged, SnapshotId=snapshot)
    assert permission(made).read().ancestors == (serial_of(first),)
    ec2.delete_snapshot(SnapshotId=snapshot)
    assert permission(made).read().ancestors == ()
    assert permission(volume(ec2, tagged)).read().against == []


def test_an_unknown_volume_is_a_clear_error(ec2: EC2Client) -> None:
    """AWS's own words, and no traceback."""
    with pytest.raises(CloudRefused, match="vol-0123456789abcdef0"):
        permission("vol-0123456789abcdef0").read()


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        ("", ("absent", "")),
        (f"formatting:{UUID}", ("formatting", UUID)),
        (f"done:{UUID}", ("done", UUID)),
        ("formatting:", ("done", "formatting:")),
        ("whatever", ("done", "whatever")),
    ],
)
def test_a_tag_that_nobody_here_wrote_forbids(tag: str, found: tuple[str, str]) -> None:
    """Only an absent tag and a note of ours allow anything."""
    assert parse(tag) == found


def test_what_a_person_vouches_for_is_not_formatted_either(ec2: EC2Client) -> None:
    """Its birth counts no more, whose it is and which filesystem it has still do; that is noted, as everywhere."""
    made = volume(ec2)
    vouched = Vouched(permission(made))
    assert vouched.read() == Record(ours=True, made_here=True)
    assert vouched.read().against
    permission(made).begin(UUID)
    assert vouched.read() == Record(ours=True, made_here=True, phase="formatting", uuid=UUID)
    assert vouched.read().against
    vouched.finish(UUID)
    assert permission(made).read().phase == "done"
    with pytest.raises(PermissionError):
        vouched.begin(UUID)


def test_without_a_record_nothing_is_ever_formatted() -> None:
    """A machine that Pulumi never made."""
    assert NoRecord().read().against
    with pytest.raises(PermissionError):
        NoRecord().begin(UUID)


def instance(ec2: EC2Client, *more: dict[str, str]) -> str:
    """A running instance of zagent/dev."""
    specification: Any = [{"ResourceType": "instance", "Tags": [*OURS, *more]}]
    image = ec2.describe_images()["Images"][0]["ImageId"]
    made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, TagSpecifications=specification)
    return str(made["Instances"][0]["InstanceId"])


def test_a_stacks_host_is_found_by_its_tags(ec2: EC2Client) -> None:
    """Its public address, the host key it must show, the volume attached to it and no other one."""
    host, data = instance(ec2, {"Key": "zagent:host-key", "Value": "ssh-ed25519 AAAA"}), volume(ec2)
    volume(ec2)
    ec2.attach_volume(Device="/dev/sdf", InstanceId=host, VolumeId=data)
    found = find.host(settings())
    address = ec2.describe_instances(InstanceIds=[host])["Reservations"][0]["Instances"][0]["PublicIpAddress"]
    assert (found.login.address, found.login.host_key, found.login.proxy) == (address, "ssh-ed25519 AAAA", "")
    assert found.volume_id == data


def test_a_host_without_an_open_port_is_reached_by_its_id(
    ec2: EC2Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Session Manager carries SSH there, where its tools are."""
    host, data = instance(ec2), volume(ec2)
    ec2.attach_volume(Device="/dev/sdf", InstanceId=host, VolumeId=data)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoWayIn, match="aws and session-manager-plugin can't be found"):
        find.host(settings(sshCidrs=[]))
    for tool in sessions.TOOLS:
        (tmp_path / tool).touch(0o755)
    login = find.host(settings(sshCidrs=[])).login
    assert login.address == host
    assert login.proxy.startswith("aws ssm start-session --target %h ")
    assert login.proxy.endswith(" --region us-east-1")


def test_what_is_not_clear_is_an_error(ec2: EC2Client) -> None:
    """No host, a stopped one, no volume on it, two volumes on it; what is gone comes back once the state is told."""
    with pytest.raises(NoHost) as no_host:
        find.host(settings())
    assert no_host.value.advice.startswith("pulumi up --refresh ")
    host = instance(ec2)
    with pytest.raises(NoHost):
        find.host(replace(settings(), stack="prod"))
    with pytest.raises(DiskMissing) as no_disk:
        find.host(settings())
    assert "`pulumi up --refresh`" in no_disk.value.advice
    for device in ("/dev/sdf", "/dev/sdg"):
        ec2.attach_volume(Device=device, InstanceId=host, VolumeId=volume(ec2))
    with pytest.raises(ManyVolumes):
        find.host(settings())
    ec2.stop_instances(InstanceIds=[host])
    with pytest.raises(NoHost):
        find.host(settings())
