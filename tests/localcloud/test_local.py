"""The life of a local cloud: start, use, stop, start again, reset; without machines, which have tests of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import boto3
import pytest

from tests.localcloud.errors import LocalCloudError
from tests.localcloud.hosts import record as host
from tests.localcloud.local import LocalCloud
from tests.localcloud.process import Process
from tests.localcloud.waiting import until

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

pytestmark = pytest.mark.cloud


@pytest.fixture
def cloud(tmp_path: Path, obtainable: None) -> Iterator[LocalCloud]:
    """A cloud that does not run yet, and is stopped at the end."""
    cloud = LocalCloud(tmp_path / "a cloud", hosts=False)
    yield cloud
    cloud.stop()


def command(cloud: LocalCloud, *words: str) -> subprocess.CompletedProcess[str]:
    """A command of scripts/localcloud."""
    line = [sys.executable, "-I", "-m", "tests.localcloud", *words, "--state", str(cloud.folder)]
    return subprocess.run(line, capture_output=True, text=True, timeout=240)


def client(cloud: LocalCloud) -> EC2Client:
    """A client of its EC2, made of nothing but its variables."""
    told = cloud.environment()
    return boto3.client(
        "ec2",
        told["AWS_DEFAULT_REGION"],
        endpoint_url=told["AWS_ENDPOINT_URL"],
        aws_access_key_id=told["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=told["AWS_SECRET_ACCESS_KEY"],
    )


def test_it_starts_once_and_says_so(cloud: LocalCloud) -> None:
    """`start` returns when the API answers; a second one leaves the first daemon alone."""
    first = command(cloud, "start", "--no-hosts")
    assert first.returncode == 0, first.stderr
    daemon = cloud.state.running()
    assert client(cloud).describe_images()["Images"]
    second = command(cloud, "start", "--no-hosts")
    assert (second.returncode, cloud.state.running()) == (0, daemon)
    assert "runs already" in second.stdout


def test_two_daemons_never_serve_one_folder(cloud: LocalCloud) -> None:
    """Not even when the record of the first is lost."""
    cloud.start()
    record = cloud.state.record.read_text()
    cloud.state.record.unlink()
    with pytest.raises(LocalCloudError, match="Another daemon"):
        cloud.start()
    cloud.state.record.write_text(record)


def test_status_tells_what_there_is(cloud: LocalCloud) -> None:
    """Instances, volumes and what the hub has sent, for programs and for people."""
    cloud.start()
    ec2 = client(cloud)
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=7)["VolumeId"]
    hub = cloud.status()["hub"]
    listing = f"{hub}/api/v1/models/Tongyi-MAI/Z-Image-Turbo/repo?Revision=master&FilePath=model_index.json"
    with urlopen(listing, timeout=30) as answer:
        sent = len(answer.read())
    told = json.loads(command(cloud, "status", "--json").stdout)
    assert [one["id"] for one in told["volumes"]] == [volume]
    assert told["hub_bytes"] == cloud.hub_bytes() == sent > 0
    assert f"{volume}  7 GiB in us-east-1a, available" in command(cloud, "status").stdout


def test_stop_keeps_volumes_and_stacks(cloud: LocalCloud) -> None:
    """The daemon is gone; the disks and Pulumi's state are not, and it starts again."""
    cloud.start()
    daemon = cloud.state.running()
    volume = client(cloud).create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
    (cloud.state.backend / "stack").write_text("state")
    assert command(cloud, "stop").returncode == 0
    assert daemon is not None
    assert not daemon.process.alive()
    cloud.start()
    [kept] = client(cloud).describe_volumes()["Volumes"]
    assert (kept["VolumeId"], kept["Size"], kept["State"]) == (volume, 1, "available")
    assert (cloud.state.volumes / f"{volume}.raw").stat().st_size == 1 << 30
    assert (cloud.state.backend / "stack").read_text() == "state"


def test_it_starts_again_after_a_crash(cloud: LocalCloud) -> None:
    """A daemon that was killed is seen as gone, not as running; the next has its volumes, and ends its machines."""
    cloud.start()
    daemon = cloud.state.running()
    assert daemon is not None
    volume = client(cloud).create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
    left = cloud.state.hosts / "i-0123"
    left.mkdir()
    host.Record("i-0123", "127.0.0.2").write(left)
    os.kill(daemon.pid, signal.SIGKILL)
    until(lambda: not daemon.process.alive())
    assert "start" in command(cloud, "status").stderr
    cloud.start()
    assert [one["VolumeId"] for one in client(cloud).describe_volumes()["Volumes"]] == [volume]
    assert not left.exists()


def test_volumes_that_can_not_be_understood_end_the_start(cloud: LocalCloud) -> None:
    """With the file's name and what to do, and no traceback."""
    cloud.state.create()
    file = cloud.state.volumes / "123456789012.us-east-1.json"
    file.write_text("{")
    with pytest.raises(LocalCloudError, match=f"{file.name}.*move it away") as told:
        cloud.start()
    assert "Traceback" not in str(told.value)
    assert file.read_text() == "{"


def test_stop_never_ends_a_stranger(cloud: LocalCloud) -> None:
    """A record whose number another process has by now: that process lives on."""
    cloud.start()
    record = cloud.state.running()
    assert record is not None
    cloud.stop()
    with subprocess.Popen(["sleep", "600"]) as stranger:
        cloud.state.write(replace(record, pid=stranger.pid))
        cloud.stop()
        assert Process.of(stranger.pid).alive()
        stranger.kill()


def test_reset_leaves_nothing(cloud: LocalCloud) -> None:
    """It stops and removes the folder; a folder that is not a local cloud's it refuses, with words."""
    cloud.start()
    daemon = cloud.state.running()
    assert command(cloud, "reset").returncode == 0
    assert daemon is not None
    assert not daemon.process.alive()
    assert not cloud.folder.exists()
    cloud.folder.mkdir()
    refused = command(cloud, "reset")
    assert refused.returncode == 1
    assert "not a local cloud's" in refused.stderr
    assert cloud.folder.is_dir()


def test_it_fails_when_told_to(cloud: LocalCloud) -> None:
    """From the command line: what is armed shows, strikes, and is cleared; what can't be done is told."""
    cloud.start()
    assert command(cloud, "fault", "vcpu-limit", "--times", "2").stdout == "armed: vcpu-limit\n"
    assert "vcpu-limit, 2 times more" in command(cloud, "status").stdout
    made = command(cloud, "fault", "foreign-volume", "--tag", "of=somebody else").stdout.strip()
    assert client(cloud).describe_volumes(VolumeIds=[made])["Volumes"][0]["Tags"][0]["Value"] == "somebody else"
    assert command(cloud, "fault", "clear").stdout == "cleared\n"
    assert "vcpu-limit" not in command(cloud, "status").stdout
    nowhere = command(cloud, "fault", "capacity", "--zone", "mars")
    assert nowhere.returncode == 1
    assert nowhere.stderr.startswith("scripts/localcloud: There is no zone 'mars'; there are us-east-1a, ")
    assert "no KEY=VALUE" in command(cloud, "fault", "foreign-volume", "--tag", "of").stderr
