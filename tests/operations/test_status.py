"""``zagent cloud status``: a stack as AWS's API shows it, and the words for it."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from typer.testing import CliRunner, Result
from zagent.cli.commands import app
from zagent.cli.output import Output

from infra import tags
from infra.account import access
from infra.account.hosts import Host
from infra.account.policies import MADE_BY, Plan, Policy, Schedule
from infra.account.snapshots import DAILY, FINAL, VERIFIED, Snapshot
from infra.account.volumes import Volume
from infra.cli import status_report
from infra.operations import advice
from infra.operations.status import Status, look, monthly
from tests.configured import REGION, REPOSITORY, settings
from tests.localcloud.cloud import api
from tests.localcloud.cloud.disks import Disks
from tests.localcloud.cloud.ec2.image import AMI_ID
from tests.localcloud.cloud.machines import NoMachines
from tests.localcloud.waiting import until

if TYPE_CHECKING:
    from types_boto3_dlm import DLMClient
    from types_boto3_ec2 import EC2Client

YOU = "arn:aws:sts::123456789012:user/moto"
"""Who asks there."""

OWN = {tags.PROJECT: "zagent", tags.STACK: "dev"}
DATA = {**OWN, tags.OWNER: YOU, tags.SNAPSHOTS: "zagent/dev"}
UUID = "0b6a3a5e-3d6f-4f6b-9a55-7e1f0a9d6c11"
NOW = datetime(2026, 9, 20, 12, 0, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Cloud:
    """AWS's API, and things put there as `pulumi up` would."""

    ec2: EC2Client
    dlm: DLMClient

    def volume(self, **more: str) -> str:
        """A data volume with the stack's tags."""
        tagged: Any = {"ResourceType": "volume", "Tags": tags.listed(DATA | more)}
        made = self.ec2.create_volume(
            AvailabilityZone="us-east-1a",
            Size=4,
            VolumeType="gp3",
            Throughput=500,
            Encrypted=True,
            TagSpecifications=[tagged],
        )
        return made["VolumeId"]

    def host(self, *attached: str) -> str:
        """A running host with an address that stays, and with volumes."""
        tagged: Any = {"ResourceType": "instance", "Tags": tags.listed(OWN)}
        made = self.ec2.run_instances(
            ImageId=AMI_ID, InstanceType="g6e.xlarge", MinCount=1, MaxCount=1, TagSpecifications=[tagged]
        )["Instances"][0]["InstanceId"]
        address = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        self.ec2.associate_address(AllocationId=address, InstanceId=made)
        for one in attached:
            self.ec2.attach_volume(VolumeId=one, InstanceId=made, Device="/dev/sdf")
        return made

    def state(self, host: str) -> str:
        """What EC2 says of a host."""
        return self.ec2.describe_instances(InstanceIds=[host])["Reservations"][0]["Instances"][0]["State"]["Name"]

    def policy(self, target: str = "zagent/dev") -> str:
        """A policy that keeps seven daily snapshots."""
        rule = {"Interval": 24, "IntervalUnit": "HOURS", "Times": ["03:00"]}
        daily: Any = {"Name": "daily", "CreateRule": rule, "RetainRule": {"Count": 7}, "CopyTags": True}
        daily["TagsToAdd"] = tags.listed({tags.KIND: DAILY})
        return self.dlm.create_lifecycle_policy(
            ExecutionRoleArn="arn:aws:iam::123456789012:role/lifecycle",
            Description="d",
            State="ENABLED",
            PolicyDetails={
                "ResourceTypes": ["VOLUME"],
                "TargetTags": [{"Key": tags.SNAPSHOTS, "Value": target}],
                "Schedules": [daily],
            },
        )["PolicyId"]

    def run(self, policy: str) -> None:
        """The policy's hour comes, and its snapshots are completed."""
        api.lifecycle(REGION).run(policy)
        until(self._completed)

    def _completed(self) -> bool:
        return {one["State"] for one in self.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]} <= {"completed"}

    def snapshot(self, volume: str, **own: str) -> str:
        """One taken by hand, with the tags given."""
        tagged: Any = {"ResourceType": "snapshot", "Tags": tags.listed(own)}
        made = self.ec2.create_snapshot(VolumeId=volume, TagSpecifications=[tagged])["SnapshotId"]
        until(self._completed)
        return made


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """The API, in this process; the project's folder, with the stack dev, is the working folder."""
    (tmp_path / "disks").mkdir()
    _project(tmp_path, monkeypatch)
    with api.served(NoMachines(), Disks(tmp_path / "disks")) as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        yield Cloud(boto3.client("ec2", REGION), boto3.client("dlm", REGION))


def _project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "project").mkdir()
    monkeypatch.chdir(folder / "project")
    shutil.copy(REPOSITORY / "Pulumi.yaml", "Pulumi.yaml")
    own = "config:\n  aws:region: us-east-1\n  zagent:sshCidrs: [192.0.2.1/32]\n"
    Path("Pulumi.dev.yaml").write_text(own)
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "y")
    monkeypatch.delenv("AWS_PROFILE", raising=False)


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
        "pulumi up   makes a host; there is none. The data volume is kept",
        f"pulumi up   makes a policy; none takes snapshots of {volume}",
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
    assert "pulumi up   makes a policy for the system disk; snapshotRoot asks for one" in advice.lines(status, NOW)


def test_a_volume_that_is_named_is_shown_without_tags(cloud: Cloud) -> None:
    """It gets them with the next `pulumi up`."""
    named = cloud.ec2.create_volume(AvailabilityZone="us-east-1b", Size=10, VolumeType="gp3")["VolumeId"]
    status = look(settings(volumeId=named))
    assert status.volume is not None
    assert (status.volume.id, status.volume.zone) == (named, "us-east-1b")


def test_aws_that_does_not_answer_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a code of its own."""
    _project(tmp_path, monkeypatch)
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


# What follows asks nobody.

HOST = Host("i-1", "running", "", "us-east-1a", "g6e.xlarge", "ami-1", "203.0.113.7", "vol-9", OWN)
VOLUME = Volume(
    id="vol-1",
    zone="us-east-1a",
    size=100,
    kind="gp3",
    iops=3_000,
    throughput=500,
    encrypted=True,
    key="",
    snapshot="",
    attached_to=("i-1",),
    tags=DATA | {tags.FORMAT: f"done:{UUID}"},
)
POLICY = Policy("policy-1", "ENABLED", "d")
PLAN = Plan((Schedule(24, ("03:00",), "", 7),), NOW - timedelta(days=30), "ENABLED")


def taken(identity: str, kind: str, days: float = 0.4, **more: Any) -> Snapshot:
    """A snapshot of that age."""
    own = DATA | {tags.KIND: kind, tags.SET_DIGEST: "d", MADE_BY: "policy-1"}
    whole: dict[str, Any] = {"volume": "vol-1", "state": "completed", "tags": own} | more
    return Snapshot(id=identity, size=100, started=NOW - timedelta(days=days), **whole)


GOOD = Status(
    settings=settings(),
    you=YOU,
    hosts=(HOST,),
    volumes=(VOLUME,),
    snapshots=(taken("snap-2", DAILY), taken("snap-1", VERIFIED, 9)),
    policy=POLICY,
    plan=PLAN,
)
STOPPED = replace(HOST, state="stopped", why="User initiated")
OTHERS = replace(VOLUME, tags={**VOLUME.tags, tags.OWNER: "arn:aws:iam::1:user/ann"})


def test_nothing_is_left_to_do_where_all_is_as_it_should_be() -> None:
    """The base of the cases below."""
    assert advice.lines(GOOD, NOW) == []


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"hosts": (), "volumes": (replace(VOLUME, attached_to=()),)}, "pulumi up   makes a host; there is none"),
        ({"hosts": (), "volumes": ()}, "no data volume, but there are snapshots to make one of"),
        ({"hosts": (STOPPED,)}, "pulumi up   starts i-1, which is stopped"),
        ({"hosts": (replace(HOST, address=""),)}, "pulumi up --refresh   gives i-1 its address back"),
        ({"hosts": (HOST, replace(STOPPED, id="i-2"))}, "i-1 and i-2 carry the tags of one stack"),
        ({"volumes": (replace(VOLUME, attached_to=()),)}, "pulumi up --refresh   attaches vol-1 to i-1"),
        ({"volumes": (replace(VOLUME, attached_to=("i-9",)),)}, "aws ec2 detach-volume --volume-id vol-1   once"),
        ({"volumes": (replace(VOLUME, tags=DATA),)}, "zagent cloud converge dev   formats vol-1 if it is blank"),
        ({"volumes": (VOLUME, replace(VOLUME, id="vol-2"))}, "pulumi config set volumeId VOL_ID   of the one"),
        ({"volumes": (replace(VOLUME, tags={**VOLUME.tags, tags.SNAPSHOTS: ""}),)}, "gives vol-1 the tag"),
        ({"hosts": (), "volumes": (OTHERS,)}, "pulumi config set volumeId vol-1   if it is yours to use: it was made"),
        ({"settings": settings(volumeId="vol-7")}, "pulumi config rm volumeId   vol-7, which it names, is not in AWS"),
        ({"policy": None, "plan": None}, "pulumi up   makes a policy; none takes snapshots of vol-1"),
        ({"policy": replace(POLICY, state="DISABLED")}, "pulumi up --refresh   enables policy-1, which is DISABLED"),
        (
            {"policy": replace(POLICY, state="ERROR"), "plan": replace(PLAN, message="no such role")},
            "puts policy-1 right, which is in ERROR and takes no snapshots: no such role",
        ),
        ({"snapshots": ()}, "no snapshot yet   the data is on the volume alone; the policy takes the first at 03:00"),
        ({"snapshots": (taken("snap-1", DAILY, state="pending"),)}, "on the volume alone until snap-1 is completed"),
        ({"snapshots": (taken("snap-1", VERIFIED, 3),)}, "zagent cloud snapshot ls   the newest, snap-1, is 3 days"),
        ({"snapshots": (taken("snap-1", DAILY),)}, "no verified snapshot yet"),
    ],
)
def test_each_lack_has_its_line(changed: dict[str, Any], line: str) -> None:
    """It tells what to type, or what is wrong."""
    said = advice.lines(replace(GOOD, **changed), NOW)
    assert [one for one in said if line in one], said


def test_a_new_policy_has_two_days_for_its_first_snapshot() -> None:
    """After a long time without one, the newest snapshot is old, and nothing is wrong."""
    plan = replace(PLAN, since=NOW - timedelta(hours=5))
    old = (taken("snap-1", VERIFIED, 30),)
    assert advice.lines(replace(GOOD, plan=plan, snapshots=old), NOW) == []


def test_what_is_left_without_a_volume_is_nobodys_to_prune() -> None:
    """Nor is a final snapshot, which somebody wanted."""
    final = taken("snap-3", FINAL, volume="vol-0")
    status = replace(GOOD, snapshots=(*GOOD.snapshots, final, taken("snap-4", VERIFIED, volume="vol-0")))
    assert [one.id for one in status.left_behind] == ["snap-4"]
    assert replace(status, volumes=()).left_behind == ()


@pytest.mark.parametrize(
    ("tag", "snapshot", "words"),
    [
        ("", "", "not yet"),
        (f"formatting:{UUID}", "", f"not yet: it was begun, as {UUID}, and not ended"),
        (f"done:{UUID}", "", f"yes, as {UUID}"),
        ("", "snap-1", "it came so from snap-1"),
        (f"done:{UUID}", "snap-1", f"yes, as {UUID}"),
    ],
)
def test_the_permission_to_format_in_plain_words(tag: str, snapshot: str, words: str) -> None:
    """What is made of a snapshot has the filesystem of that."""
    assert status_report.formatted(replace(VOLUME, tags={tags.FORMAT: tag}, snapshot=snapshot)) == words


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=-5), "0 min"),  # this machine's clock is behind AWS's
        (timedelta(minutes=59), "59 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=47), "47 h"),
        (timedelta(days=2), "2 days"),
    ],
)
def test_an_age_is_one_number(ago: timedelta, words: str) -> None:
    """In the unit that says enough."""
    assert advice.age(NOW - ago, NOW) == words


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (Schedule(24, ("03:00",), "", 7), "every 24 h at 03:00 UTC, keeps 7"),
        (Schedule(0, (), "cron(0 3 * * ? *)", 7), "cron(0 3 * * ? *), keeps 7"),
        (Schedule(12, (), "", 0), "every 12 h, keeps them for a time"),
    ],
)
def test_a_schedule_in_words(schedule: Schedule, words: str) -> None:
    """Also one that is not of our making."""
    assert status_report.schedule(schedule) == words


def test_without_addresses_the_login_goes_through_session_manager() -> None:
    """The host is named by its id."""
    status = replace(GOOD, settings=settings(sshCidrs=[]))
    login = status.login(HOST)
    assert "AWS-StartSSHSession" in login
    assert login.endswith(" ubuntu@i-1")
    assert "address      i-1, through AWS's Session Manager" in status_report.screen(status, NOW)


def test_what_aws_says_does_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A tag may be anybody's."""
    evil = replace(VOLUME, tags={**VOLUME.tags, tags.OWNER: "a\x1b[2Jb"})
    status_report.show(Output(), replace(GOOD, volumes=(evil,)), NOW)
    assert "\x1b" not in capsys.readouterr().out
