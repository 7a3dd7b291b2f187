"""Volumes and snapshots outlive the process that serves the API, however it ends, as whatever it last answered."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.localcloud.cloud import api
from tests.localcloud.cloud.conftest import Recorder
from tests.localcloud.cloud.disks import GIB, Disks
from tests.localcloud.cloud.ec2 import kept
from tests.localcloud.cloud.region import REGION
from tests.localcloud.cloud.test_instances import run
from tests.localcloud.cloud.test_snapshots import BEFORE, completed, content, made_from, snapshot, taken, write
from tests.localcloud.cloud.test_volumes import attached, create, shown
from tests.localcloud.errors import LocalCloudError
from tests.localcloud.state import REPOSITORY
from tests.localcloud.waiting import until

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import TagTypeDef

ACCOUNT = "123456789012"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/of-the-test"
TAGS: list[TagTypeDef] = [{"Key": "of", "Value": "the tests"}]

DAEMON = """
import pathlib, signal, sys
from tests.localcloud.cloud import api
from tests.localcloud.cloud.disks import Disks
from tests.localcloud.cloud.machines import NoMachines
with api.served(NoMachines(), Disks(pathlib.Path(sys.argv[1]))) as port:
    print(port, flush=True)
    signal.pause()
"""

pytestmark = pytest.mark.usefixtures("done")

Serve = Callable[[], AbstractContextManager["EC2Client"]]


def client(port: int, region: str = REGION) -> EC2Client:
    """A client of EC2."""
    keys = boto3.Session("x", "y", region_name=region)
    return keys.client("ec2", endpoint_url=f"http://127.0.0.1:{port}")


@pytest.fixture
def serve(disks: Disks, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Serve the API for the length of a block, from what is kept in the disks' folder and nothing else."""
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")

    @contextmanager
    def served() -> Iterator[EC2Client]:
        with api.served(Recorder(), Disks(disks.folder)) as port:
            yield client(port)

    return served


def all_shown(ec2: EC2Client) -> tuple[list[Any], list[Any]]:
    """What the API shows of volumes and of snapshots of one's own, by id."""
    volumes = sorted(ec2.describe_volumes()["Volumes"], key=lambda one: one["VolumeId"])
    own = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    return list(volumes), sorted(own, key=lambda one: one["SnapshotId"])


def fill(ec2: EC2Client) -> str:
    """A volume with everything that can be said of one, two that come of it, and its snapshot; its id."""
    named: dict[str, Any] = {"VolumeType": "gp3", "Iops": 4000, "Throughput": 250, "Encrypted": True, "KmsKeyId": KEY}
    tagged: Any = {"ResourceType": "volume", "Tags": TAGS}
    made = ec2.create_volume(AvailabilityZone="us-east-1b", Size=100, TagSpecifications=[tagged], **named)
    tagged = {"ResourceType": "snapshot", "Tags": TAGS}
    source = ec2.create_snapshot(VolumeId=made["VolumeId"], Description="d", TagSpecifications=[tagged])
    until(completed(ec2, source["SnapshotId"]))
    made_from(ec2, source["SnapshotId"])
    create(ec2)
    return made["VolumeId"]


def test_all_that_the_api_shows_is_kept(serve: Serve, disks: Disks) -> None:
    """Also the content, and what a volume was made from."""
    with serve() as ec2:
        write(disks, fill(ec2), BEFORE)
        for volume in api.ec2().volumes.values():
            volume.create_time -= timedelta(days=1)
        for source in api.ec2().snapshots.values():
            source.start_time -= timedelta(days=1)
        before = all_shown(ec2)
    with serve() as ec2:
        assert all_shown(ec2) == before
    assert [len(one) for one in before] == [3, 1]


def test_what_was_kept_is_as_any_other(serve: Serve, disks: Disks) -> None:
    """It can be tagged, found, attached, changed, copied and deleted, and the next one keeps that in turn."""
    with serve() as ec2:
        volume, other = create(ec2), create(ec2)
        source = taken(ec2, other)
    with serve() as ec2:
        ec2.create_tags(Resources=[volume, source], Tags=TAGS)
        ec2.attach_volume(VolumeId=volume, InstanceId=run(ec2), Device="/dev/sdf")
        ec2.modify_volume(VolumeId=volume, Size=150)
        write(disks, volume, BEFORE)
        later = taken(ec2, volume)
        ec2.delete_volume(VolumeId=other)
    with serve() as ec2:
        [found] = ec2.describe_volumes(Filters=[{"Name": "tag:of", "Values": ["the tests"]}])["Volumes"]
        assert (found["VolumeId"], found["Size"], found["State"]) == (volume, 150, "available")
        assert snapshot(ec2, source)["Tags"] == TAGS
        assert content(disks, made_from(ec2, later)) == {BEFORE}
        ec2.delete_tags(Resources=[volume], Tags=TAGS)
        ec2.delete_snapshot(SnapshotId=source)
    with serve() as ec2:
        assert shown(ec2, volume).get("Tags", []) == []
        assert [one["SnapshotId"] for one in all_shown(ec2)[1]] == [later]


def test_volumes_come_back_without_their_instances(serve: Serve, disks: Disks) -> None:
    """An attached one is available; what was to end with its instance is gone with its disk, and nothing else is."""
    with serve() as ec2:
        _, volume = attached(ec2)
        kind = {"VolumeSize": 1, "DeleteOnTermination": True}
        run(ec2, BlockDeviceMappings=[{"DeviceName": "/dev/sdf", "Ebs": kind}])
        assert len(ec2.describe_volumes()["Volumes"]) == 4
    with serve() as ec2:
        [left] = ec2.describe_volumes()["Volumes"]
        assert (left["VolumeId"], left["State"], left["Attachments"]) == (volume, "available", [])
    assert [one.stem for one in disks.folder.glob("*.raw")] == [volume]


def test_a_snapshot_that_was_pending_completes(serve: Serve, done: threading.Event) -> None:
    """Its copy is whole, or it would not be there."""
    done.clear()
    with serve() as ec2:
        pending = ec2.create_snapshot(VolumeId=create(ec2))["SnapshotId"]
    with serve() as ec2:
        assert snapshot(ec2, pending)["State"] == "pending"
        done.set()
        until(completed(ec2, pending))


def test_every_region_has_its_own(serve: Serve, disks: Disks) -> None:
    """A volume is kept where it is, and only there."""
    with serve() as ec2:
        west = boto3.Session("x", "y", region_name="us-west-2").client("ec2", endpoint_url=ec2.meta.endpoint_url)
        there = create(west, "us-west-2a")
        here = create(ec2)
    assert kept.regions(disks.folder, ACCOUNT) == ["us-east-1", "us-west-2"]
    with serve() as ec2:
        west = boto3.Session("x", "y", region_name="us-west-2").client("ec2", endpoint_url=ec2.meta.endpoint_url)
        assert [one["VolumeId"] for one in west.describe_volumes()["Volumes"]] == [there]
        assert [one["VolumeId"] for one in ec2.describe_volumes()["Volumes"]] == [here]


def test_every_call_is_kept_when_it_is_answered(serve: Serve, disks: Disks) -> None:
    """What a process would find that began right then; so however the one that answered ends, nothing is lost."""

    def found() -> dict[str, kept.KeptVolume | kept.KeptSnapshot]:
        now = kept.read(kept.file(disks.folder, ACCOUNT, REGION))
        entries: tuple[kept.KeptVolume | kept.KeptSnapshot, ...] = (*now.volumes, *now.snapshots)
        return {one.id: one for one in entries}

    with serve() as ec2:
        volume = create(ec2)
        assert found().keys() == {volume}
        ec2.create_tags(Resources=[volume], Tags=TAGS)
        assert found()[volume].tags == {"of": "the tests"}
        ec2.modify_volume(VolumeId=volume, Size=200, Throughput=300)
        assert (found()[volume].size_gib, found()[volume].throughput) == (200, 300)  # type: ignore[union-attr]
        source = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
        copy = ec2.copy_snapshot(SourceSnapshotId=source, SourceRegion=REGION)["SnapshotId"]
        assert found().keys() == {volume, source, copy}
        ec2.delete_tags(Resources=[volume], Tags=TAGS)
        assert found()[volume].tags == {}
        ec2.delete_volume(VolumeId=volume)
        ec2.delete_snapshot(SnapshotId=source)
        assert found().keys() == {copy}


def test_a_kill_loses_nothing(serve: Serve, disks: Disks) -> None:
    """SIGKILL, with no chance to write anything any more."""
    with subprocess.Popen(
        [sys.executable, "-c", DAEMON, disks.folder], cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as daemon:
        assert daemon.stdout is not None
        try:
            ec2 = client(int(daemon.stdout.readline()))
            source = ec2.create_snapshot(VolumeId=fill(ec2))["SnapshotId"]
        finally:
            daemon.kill()
    with serve() as ec2:
        until(completed(ec2, source))
        assert [len(one) for one in all_shown(ec2)] == [3, 2]


def test_what_has_no_disk_any_more_is_gone(serve: Serve, disks: Disks, caplog: pytest.LogCaptureFixture) -> None:
    """With a line in the log; a disk of which nothing is known stays where it is, unknown."""
    with serve() as ec2:
        volume, lost = create(ec2), create(ec2)
    disks.remove(lost)
    disks.make("vol-0123", 1)
    with serve() as ec2:
        assert [one["VolumeId"] for one in ec2.describe_volumes()["Volumes"]] == [volume]
    assert f"{lost} has no disk" in caplog.text
    assert disks.path("vol-0123").stat().st_size == GIB


def broken(content: bytes) -> list[bytes]:
    """Files that are not what a local cloud of this version writes."""
    right = json.loads(content)
    [volume] = right["volumes"]
    wrong = [
        {**right, "version": 2},
        {**right, "what": "else"},
        {**right, "volumes": [{**volume, "size_gib": "1"}]},
        {**right, "volumes": [{**volume, "id": "../vol-1"}]},
        {**right, "volumes": [{**volume, "created": "today"}]},
        {**right, "snapshots": [volume]},
    ]
    return [content[:-9], b"\xff", b"[]", *(json.dumps(one).encode() for one in wrong)]


def test_what_can_not_be_understood_is_refused(serve: Serve, disks: Disks) -> None:
    """Torn, foreign or from a later version: an error that names the file, which stays, as do the disks."""
    with serve() as ec2:
        volume = create(ec2)
    path = kept.file(disks.folder, ACCOUNT, REGION)
    whole = path.read_bytes()
    for wrong in broken(whole):
        path.write_bytes(wrong)
        with pytest.raises(LocalCloudError, match=path.name):
            kept.read(path)
    with serve(), pytest.raises(LocalCloudError, match=path.name):
        api.ec2()
    assert (path.read_bytes(), disks.path(volume).exists()) == (wrong, True)
    path.write_bytes(whole)
    with serve() as ec2:
        assert shown(ec2, volume)["Size"] == 100


def test_what_can_not_be_kept_is_not_answered_as_done(serve: Serve, disks: Disks) -> None:
    """The call fails, and the next one writes both."""
    with serve() as ec2:
        assert all_shown(ec2) == ([], [])
        path = kept.file(disks.folder, ACCOUNT, REGION)
        path.mkdir()
        with pytest.raises(ClientError, match="InternalError"):
            create(ec2)
        path.rmdir()
        create(ec2)
        assert len(kept.read(path).volumes) == 2


def test_a_forgotten_backend_writes_nothing(serve: Serve, disks: Disks) -> None:
    """Its background work may end when another one serves the same folder."""
    with serve() as ec2:
        create(ec2)
        old = api.ec2()
    with serve() as ec2:
        [volume] = ec2.describe_volumes()["Volumes"]
        ec2.delete_volume(VolumeId=volume["VolumeId"])
        old.create_tags([volume["VolumeId"]], {"a": "b"})
        old.keep()
        assert kept.read(kept.file(disks.folder, ACCOUNT, REGION)).volumes == ()
