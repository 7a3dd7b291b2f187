"""The words of ``zagent cloud status``, and what a person should do next."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from zagent.cli.output import Output

from infra import tags
from infra.account.hosts import Host
from infra.account.policies import MADE_BY, Plan, Policy, Schedule
from infra.account.snapshots import DAILY, FINAL, VERIFIED, Snapshot
from infra.account.volumes import Volume
from infra.cli import status_report
from infra.operations import advice
from infra.operations.status import Status
from tests.configured import settings
from tests.operations.cloud import DATA, OWN, UUID, YOU

NOW = datetime(2026, 9, 20, 12, 0, tzinfo=timezone.utc)


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
OWNED = {name: one for name, one in DATA.items() if name != tags.FORMAT}
OTHERS = replace(VOLUME, tags={**VOLUME.tags, tags.OWNER: "arn:aws:iam::1:user/ann"})


def test_nothing_is_left_to_do_where_all_is_as_it_should_be() -> None:
    """The base of the cases below."""
    assert advice.lines(GOOD, NOW) == []


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"hosts": (), "volumes": (replace(VOLUME, attached_to=()),)}, "pulumi up --refresh   makes a host;"),
        ({"hosts": (), "volumes": ()}, "no data volume, but snap-2 to make one of"),
        ({"hosts": (STOPPED,)}, "pulumi up   starts i-1, which is stopped"),
        ({"hosts": (replace(HOST, address=""),)}, "pulumi up --refresh   gives i-1 its address back"),
        ({"hosts": (HOST, replace(STOPPED, id="i-2"))}, "i-1 and i-2 carry the tags of one stack"),
        ({"volumes": (replace(VOLUME, attached_to=()),)}, "pulumi up --refresh   attaches vol-1 to i-1"),
        ({"volumes": (replace(VOLUME, attached_to=("i-9",)),)}, "aws ec2 detach-volume --volume-id vol-1   once"),
        ({"volumes": (replace(VOLUME, tags=OWNED),)}, "zagent cloud converge dev   formats vol-1 if it is blank"),
        ({"volumes": (VOLUME, replace(VOLUME, id="vol-2"))}, "pulumi config set volumeId VOL_ID   of the one"),
        ({"volumes": (replace(VOLUME, tags={**VOLUME.tags, tags.SNAPSHOTS: ""}),)}, "gives vol-1 the tag"),
        ({"hosts": (), "volumes": (OTHERS,)}, "pulumi config set volumeId vol-1   if it is yours to use: it was made"),
        ({"settings": settings(volumeId="vol-7")}, "pulumi config rm volumeId   vol-7, which it names, is not in AWS"),
        ({"policy": None, "plan": None}, "pulumi up --refresh   makes a policy; none takes snapshots of vol-1"),
        ({"policy": replace(POLICY, state="DISABLED")}, "pulumi up --refresh   enables policy-1, which is DISABLED"),
        (
            {"policy": replace(POLICY, state="ERROR"), "plan": replace(PLAN, message="no such role")},
            "puts policy-1 right, which is in ERROR and takes no snapshots: no such role",
        ),
        (
            {
                "root_policy": replace(POLICY, id="policy-2", state="ERROR"),
                "root_plan": replace(PLAN, message="no role"),
            },
            "puts policy-2 right, which is in ERROR and takes no snapshots of the system disk: no role",
        ),
        (
            {"root_policy": replace(POLICY, id="policy-2", state="DISABLED")},
            "enables policy-2, which is DISABLED and takes no snapshots of the system disk",
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
