"""``zagent cloud reset``: EC2's task as AWS's API shows it, what a person must give up, and the way back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from typer.testing import CliRunner, Result
from zagent.cli.commands import app

from infra import tags
from infra.account import hosts
from infra.account.access import Access
from infra.bootstrap.ssh.host import COMMAND_PATIENCE, OnLine, Ran
from infra.bootstrap.want import ROOT
from infra.errors import CloudRefused, CommandFailed, HostUnreachable, NotConfirmed, NotProved, ResetRefused
from infra.operations import proof, replacing, reset
from infra.operations.taking import MISSES, Say
from infra.settings import Settings
from tests.configured import settings
from tests.localcloud.cloud import api
from tests.localcloud.cloud.conftest import Recorder
from tests.localcloud.cloud.ec2.image import AMI_ID
from tests.localcloud.cloud.ec2.models import LocalEC2Backend
from tests.localcloud.waiting import until
from tests.operations.cloud import Cloud

OLD, NEW = "boot-1", "boot-2"
ROOT_TAGS = {tags.SNAPSHOTS: "zagent/dev/root", "Name": "zagent-dev-root", "team": "images"}


@dataclass
class Told:
    """A host that only writes down what is asked; ``boots`` it answers, ``holds`` is why it keeps the volume."""

    boots: list[str | Exception] = field(default_factory=lambda: [OLD])
    lost: list[tuple[str, int]] = field(default_factory=list)
    holds: str = ""
    asked: list[str] = field(default_factory=list)
    address: str = "ubuntu@192.0.2.7"

    def run(self, words: Sequence[str], *, on_line: OnLine | None = None, patience: float = COMMAND_PATIENCE) -> Ran:
        """Answer."""
        self.asked.append(words[-1])
        if words[-1] == ROOT and self.holds:
            return Ran(1, "", self.holds)
        if words[-1] != reset.BOOT:
            return Ran(0, json.dumps(self.lost), "")
        answer = self.boots.pop(0) if len(self.boots) > 1 else self.boots[0]
        if isinstance(answer, Exception):
            raise answer
        return Ran(0, f"{answer}\n", "")

    def close(self) -> None:
        """Nothing was open."""


@pytest.fixture
def own(cloud: Cloud) -> Settings:
    """The stack's, with tags for its system disk."""
    return settings(snapshotRoot="true", tags={"team": "images"})


@pytest.fixture
def machines(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """The machines behind the API, whose disks are replaced at once."""
    found = Recorder()
    found.go_on.set()
    monkeypatch.setattr(LocalEC2Backend, "machines", found)
    return found


@pytest.fixture
def instance(cloud: Cloud, own: Settings, machines: Recorder) -> str:
    """The stack's host, its data volume attached."""
    return cloud.host(cloud.volume())


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """The host, which is as wanted and proved; what would be converged is written down."""
    found = Told()
    for module in (reset, replacing):
        monkeypatch.setattr(module, "PAUSE", 0)
    monkeypatch.setattr(reset, "connect", lambda login, say: found)
    monkeypatch.setattr(reset, "missing", lambda to, want: [])
    monkeypatch.setattr(reset, "converge", lambda to, want: found.asked.append(f"converge, pull {want.pull}"))
    monkeypatch.setattr(proof, "require", lambda host, say: "digest")
    return found


def root(own: Settings, instance: str) -> str:
    """The id of an instance's system disk."""
    return hosts.with_ids(own.access, (instance,))[0].root


def root_tags(own: Settings, instance: str) -> dict[str, str]:
    """The tags of that disk."""
    found = own.access.ec2.describe_volumes(VolumeIds=[root(own, instance)])["Volumes"][0]
    return tags.values(found.get("Tags", []))


def done(told: Told) -> list[str]:
    """What was asked of the host, in few words."""
    names = {reset.BOOT: "boot", ROOT: "release", reset.QUICK: "weights"}
    return [names.get(one, one) for one in told.asked]


def run(*words: str) -> Result:
    """The command as a person would type it."""
    return CliRunner().invoke(app, ["cloud", "reset", *words], prog_name="zagent")


def test_the_whole_way(own: Settings, instance: str, told: Told) -> None:
    """The old system's answers on its way down are none; its disk is gone, and the new one has the stack's tags."""
    told.boots = [OLD, OLD, CommandFailed(address="a", what="b", why="c"), HostUnreachable(address="a", why="c"), NEW]
    before = root(own, instance)
    begun = reset.look(own, print)
    reset.carry_out(begun)
    assert done(told) == ["boot", "release", "boot", "boot", "boot", "boot", "converge, pull False", "weights"]
    assert root(own, instance) != before
    assert root_tags(own, instance) == ROOT_TAGS
    assert list(begun.seconds) == [
        "weights proved",
        "volume let go",
        "system disk replaced",
        "host booted",
        "host converged",
        "weights there",
    ]


def test_another_image(own: Settings, instance: str, machines: Recorder, told: Told) -> None:
    """It is named to EC2; with another one in the configuration, the line that sets it is shown."""
    told.boots = [OLD, NEW]
    begun = reset.look(own, print, AMI_ID)
    reset.carry_out(begun, AMI_ID)
    [task] = own.access.ec2.describe_replace_root_volume_tasks()["ReplaceRootVolumeTasks"]
    assert (task["InstanceId"], task["ImageId"]) == (instance, AMI_ID)


def test_an_image_that_is_not_there_is_told_before_anything_is_done(own: Settings, instance: str, told: Told) -> None:
    """Not after the volume was let go."""
    with pytest.raises(ResetRefused, match="there is no image ami-0123456789abcdef0 in us-east-1"):
        reset.look(own, print, "ami-0123456789abcdef0")
    assert told.asked == []


def test_what_aws_refuses_puts_the_host_back(cloud: Cloud, own: Settings, instance: str, told: Told) -> None:
    """As when somebody stops it meanwhile: the volume is mounted again, and AWS's own words are the error."""
    begun = reset.look(own, print)
    cloud.ec2.stop_instances(InstanceIds=[instance])
    with pytest.raises(CloudRefused, match="is not in 'running' state"):
        reset.carry_out(begun)
    assert done(told) == ["boot", "release", "converge, pull False"]


def test_a_volume_that_is_not_let_go_puts_the_host_back(
    own: Settings, instance: str, machines: Recorder, told: Told
) -> None:
    """As with a container that comes back before the unmount: the disk stays, and whoever uses the volume is named."""
    told.holds = "/data is still in use: umount: /data: target is busy. python3 (4711)"
    with pytest.raises(ResetRefused, match=r"is not replaced: /data is still in use: .* python3 \(4711\)") as refused:
        reset.carry_out(reset.look(own, print))
    assert "docker stop NAME" in refused.value.advice
    assert done(told) == ["boot", "release", "converge, pull False"]
    assert "replace_root" not in [call[0] for call in machines.calls]


def test_a_task_that_fails(own: Settings, instance: str, machines: Recorder, told: Told) -> None:
    """The old disk is there, and the command that mounts the volume again is named."""
    machines.failing = {"replace_root"}
    begun = reset.look(own, print)
    with pytest.raises(ResetRefused, match="is failed: the instance has its old system disk") as failed:
        reset.carry_out(begun)
    assert failed.value.advice.startswith("zagent cloud converge")
    assert done(told) == ["boot", "release"]


def test_a_task_that_leaves_no_disk(own: Settings, instance: str, machines: Recorder, told: Told) -> None:
    """The host is lost, the data is not."""
    begun = reset.look(own, print)
    begun.task = replacing.begin(own.access, instance, "", own.own_tags)
    until(lambda: not replacing.under_way(own.access, instance))
    api.ec2().replacements[begun.task].task_state = "failed-detached"
    with pytest.raises(ResetRefused, match="no system disk any more") as failed:
        reset.carry_out(begun)
    assert "pulumi destroy, then pulumi up" in failed.value.advice


def test_a_task_that_goes_on_for_ever(
    own: Settings, instance: str, machines: Recorder, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS is not waited for longer than that, and can be asked."""
    machines.go_on.clear()
    monkeypatch.setattr(replacing, "PATIENCE", 0)
    begun = reset.look(own, print)
    with pytest.raises(ResetRefused, match=r"after 0\.0 min") as failed:
        reset.carry_out(begun)
    assert f"--replace-root-volume-task-ids {begun.task}" in failed.value.advice
    machines.go_on.set()
    until(lambda: not replacing.under_way(own.access, instance))


def test_a_reset_that_was_cut_off_goes_on(own: Settings, instance: str, machines: Recorder, told: Told) -> None:
    """The same command follows the task that is there, and begins no second one; nothing of the old system is asked."""
    machines.go_on.clear()
    task = replacing.begin(own.access, instance, "", own.own_tags)
    said: list[str] = []
    begun = reset.look(own, said.append)
    assert (begun.task, reset.valuables(begun)) == (task, [])
    assert said == [f"{task} replaces the system disk already: it is followed"]
    machines.go_on.set()
    told.boots = [NEW]
    reset.carry_out(begun)
    assert done(told) == ["boot", "converge, pull False", "weights"]
    assert root_tags(own, instance) == ROOT_TAGS
    assert [call[0] for call in machines.calls].count("replace_root") == 1


@pytest.mark.parametrize("misses", [MISSES, MISSES + 1])
def test_a_task_that_is_not_shown_at_once(
    own: Settings, instance: str, told: Told, monkeypatch: pytest.MonkeyPatch, misses: int
) -> None:
    """AWS shows a new one only after a moment; one that is never shown is not waited for."""
    shown, looks = replacing._states, iter(range(misses))

    def late(access: Access, host: str) -> dict[str, str]:
        return {} if next(looks, None) is not None else shown(access, host)

    task = replacing.begin(own.access, instance, "", own.own_tags)
    monkeypatch.setattr(replacing, "PAUSE", 0)
    monkeypatch.setattr(replacing, "_states", late)
    if misses <= MISSES:
        replacing.wait(own.access, instance, task, print)
        return
    with pytest.raises(ResetRefused, match=f"{task} is not shown after"):
        replacing.wait(own.access, instance, task, print)


def test_a_host_that_never_comes_back(
    own: Settings, instance: str, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old system that answers for ever is no new one."""
    monkeypatch.setattr(reset, "PATIENCE", 0)
    with pytest.raises(HostUnreachable, match="its old system still answers"):
        reset.carry_out(reset.look(own, print))
    assert "converge, pull False" not in told.asked


def test_weights_that_are_not_proved_leave_all_as_it_was(
    own: Settings, instance: str, machines: Recorder, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The volume stays mounted, the disk stays."""

    def bad(host: Told, say: Say) -> str:
        raise NotProved(address=host.address, why="1 file was found bad")

    monkeypatch.setattr(proof, "require", bad)
    with pytest.raises(NotProved):
        reset.carry_out(reset.look(own, print))
    assert told.asked == []
    assert "replace_root" not in [call[0] for call in machines.calls]


LOST = [("/home/ubuntu/lora.safetensors", 2_000_000), ("/home/ubuntu/odd\x1bname", 5)]


def test_what_would_be_lost_must_be_given_up(instance: str, machines: Recorder, told: Told) -> None:
    """A yes is not enough; each file is named, and steers no terminal."""
    told.lost = LOST
    refused = run("--yes")
    assert refused.exit_code == ResetRefused.exit_code
    assert "2.00 MB  /home/ubuntu/lora.safetensors" in refused.stderr
    assert "2 files of 2.00 MB would be lost with it" in refused.stderr
    assert "\x1b" not in refused.stderr
    assert "release" not in done(told)
    told.boots = [OLD, NEW]
    given_up = run("--yes", "--discard")
    assert given_up.exit_code == 0, given_up.output
    assert given_up.stdout.startswith(f"{instance} has a new system disk and is as wanted: ")
    assert given_up.stdout.endswith(" s, 0 bytes from the hub\n")


def test_without_a_yes_nobody_is_taken_at_their_silence(instance: str, told: Told) -> None:
    """No terminal, no answer."""
    refused = run()
    assert refused.exit_code == NotConfirmed.exit_code
    assert "release" not in done(told)


def test_a_dry_run_tells_what_would_be_lost(instance: str, machines: Recorder, told: Told) -> None:
    """For programs, too; nothing else is done."""
    told.lost = LOST
    answer = json.loads(run("--dry-run", "--json").stdout.splitlines()[-1])
    assert answer == {"dry_run": True, "lost": [list(one) for one in LOST]}
    assert "release" not in done(told)
    assert "replace_root" not in [call[0] for call in machines.calls]
