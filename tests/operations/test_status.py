"""``zagent cloud status``: a stack as AWS's API shows it."""

from __future__ import annotations

import json
import socket
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from typer.testing import CliRunner, Result
from zagent.cli.commands import app

from infra import tags
from infra.account import access
from infra.account.snapshots import VERIFIED
from infra.operations import advice
from infra.operations.status import look, monthly
from tests.configured import settings
from tests.localcloud.cloud.ec2.image import AMI_ID
from tests.localcloud.waiting import until
from tests.operations.cloud import DATA, UUID, YOU, Cloud
from tests.operations.conftest import project

NOW = datetime(2026, 9, 20, 12, 0, tzinfo=timezone.utc)


def run(*words: str) -> Result:
    """The command as a person would type it."""
    return CliRunner().invoke(app, ["cloud", "status", *words], prog_name="zagent")


def found() -> dict[str, Any]:
    """The command's object."""
    done = run("--json")
    assert done.exit_code == 0, done.output
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_a_stack_as_it_should_be(cloud: Cloud) -> None:
    """Everything is shown, and nothing is left to do."""
    volume = cloud.volume(**{tags.FORMAT: f"done:{UUID}"})
    host, policy = cloud.host(volume), cloud.policy()
    cloud.run(policy)
    verified = cloud.snapshot(volume, **DATA, **{tags.KIND: VERIFIED, tags.SET_DIGEST: "d"})
    told = found()
    [shown], [data] = told["hosts"], told["volumes"]
    assert (shown["id"], shown["type"], shown["state"], shown["image"]) == (host, "g6e.xlarge", "running", AMI_ID)
    assert shown["login"] == f"ssh ubuntu@{shown['address']}"
    assert shown["root"]["size_gib"] == 75
    assert (data["id"], data["attached_to"], data["owner"]) == (volume, [host], YOU)
    assert (data["size_gib"], data["throughput"], data["encrypted"]) == (4, 500, True)
    assert (data["format"], data["filesystem"]) == ("done", UUID)
    assert told["snapshots"]["daily"]["number"] == 1
    assert told["snapshots"]["daily"]["newest"]["policy"] == policy
    assert told["snapshots"]["verified"]["newest"]["id"] == verified
    assert told["policy"]["schedules"] == [{"hours": 24, "times": ["03:00"], "cron": "", "keep": 7}]
    assert (told["left_behind"], told["next"]) == ([], [])


def test_the_screen_is_aligned_and_says_the_same(cloud: Cloud) -> None:
    """A label, one column, what it says."""
    volume = cloud.volume(**{tags.FORMAT: f"done:{UUID}"})
    host, policy = cloud.host(volume), cloud.policy()
    done = run("--stack", "dev")
    lines = done.stdout.splitlines()
    assert done.exit_code == 0
    assert lines[0] == "stack        zagent/dev in us-east-1"
    assert lines[1].startswith(f"host         {host}, g6e.xlarge in us-east-1")
    assert f"attached     to {host}" in lines
    assert f"made by      {YOU} (you)" in lines
    assert f"policy       {policy}, ENABLED, every 24 h at 03:00 UTC, keeps 7" in lines
    assert "snapshots    none" in lines
    assert lines[-1] == (
        "next         no snapshot yet   the data is on the volume alone; the policy takes the first at 03:00 UTC"
    )


def test_nothing_of_a_stack_is_no_error(cloud: Cloud) -> None:
    """What belongs to others is not shown."""
    cloud.volume(**{tags.STACK: "other"})
    done = run()
    assert (done.exit_code, done.stdout.splitlines()) == (
        0,
        [
            "stack        zagent/dev in us-east-1: nothing is there",
            "next         pulumi up   makes a host and a data volume",
        ],
    )


def test_a_destroyed_stack_keeps_its_volume_and_its_snapshots(cloud: Cloud) -> None:
    """The policy is gone, its snapshots cost on."""
    volume, policy = cloud.volume(), cloud.policy()
    cloud.run(policy)
    cloud.dlm.delete_lifecycle_policy(PolicyId=policy)
    told = found()
    assert told["policy"] is None
    assert len(told["left_behind"]) == 1
    assert [one["name"] for one in told["monthly_cost"]["parts"]] == [
        "data volume, 4 GiB gp3",
        "data volume, 500 MiB/s",
        "snapshots, 1",
    ]
    assert told["next"][:2] == [
        "pulumi up --refresh   makes a host; there is none. The data volume is kept",
        f"pulumi up --refresh   makes a policy; none takes snapshots of {volume}",
    ]


def test_snapshots_of_an_earlier_policy_and_an_earlier_volume_are_told_apart(cloud: Cloud) -> None:
    """Only those of the policy and the volume that are there now are counted by somebody."""
    gone, earlier = cloud.volume(), cloud.policy()
    cloud.run(earlier)
    cloud.ec2.delete_volume(VolumeId=gone)
    cloud.volume()
    cloud.run(earlier)
    cloud.dlm.delete_lifecycle_policy(PolicyId=earlier)
    cloud.run(cloud.policy())
    assert "left behind  2 of these, by an earlier policy or volume: zagent cloud snapshot prune" in run().stdout


def test_a_stopped_host_says_why_and_costs_no_hours(cloud: Cloud) -> None:
    """Its address and its disks cost on."""
    host = cloud.host()
    cloud.ec2.stop_instances(InstanceIds=[host])
    until(lambda: cloud.state(host) == "stopped")
    told = found()
    assert told["hosts"][0]["why"].startswith("User initiated")
    assert told["hosts"][0]["login"] == ""
    assert "login        once it runs" in run().stdout
    costs = {one["name"]: one["usd"] for one in told["monthly_cost"]["parts"]}
    assert costs == {"host g6e.xlarge": 0.0, "public address": 3.65, "system disk, 75 GiB gp3": 6.0}
    assert told["next"] == [f"pulumi up   starts {host}, which is stopped"]


def test_a_system_disk_has_snapshots_of_its_own(cloud: Cloud) -> None:
    """They are no data volume's, and cost all the same."""
    disk = cloud.ec2.create_volume(AvailabilityZone="us-east-1a", Size=5, VolumeType="gp3")["VolumeId"]
    one = cloud.snapshot(disk, **{tags.SNAPSHOTS: "zagent/dev/root"})
    cloud.snapshot(disk, **{tags.SNAPSHOTS: "zagent/dev-root", tags.STACK: "dev-root"})
    status = look(settings(snapshotRoot=True))
    assert [each.id for each in status.root_snapshots] == [one]
    assert [part.amount for part in monthly(status).parts] == [0.25]
    line = "pulumi up --refresh   makes a policy for the system disk; snapshotRoot asks for one"
    assert line in advice.lines(status, NOW)


def test_a_volume_that_is_named_is_shown_without_tags(cloud: Cloud) -> None:
    """It gets them with the next `pulumi up`."""
    named = cloud.ec2.create_volume(AvailabilityZone="us-east-1b", Size=10, VolumeType="gp3")["VolumeId"]
    status = look(settings(volumeId=named))
    assert status.volume is not None
    assert (status.volume.id, status.volume.zone) == (named, "us-east-1b")


def test_aws_that_does_not_answer_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a code of its own."""
    project(tmp_path, monkeypatch)
    monkeypatch.setattr(access, "PATIENT", Config(retries={"mode": "standard", "total_max_attempts": 1}))
    with socket.socket() as taken:  # bound, but it does not listen
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")
        done = run()
    assert (done.exit_code, done.stdout) == (54, "")
    assert "AWS does not answer" in done.stderr
    assert "Traceback" not in done.output


def test_a_folder_without_a_project_is_a_clear_error() -> None:
    """With a code of its own."""
    assert run().exit_code == 58
