"""``zagent cloud reset``: a new system disk, and everything back from the volume, with no byte from the hub."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from infra import tags
from infra.account.access import answered
from infra.bootstrap.converge import converge, missing
from infra.bootstrap.gather import on_host
from infra.bootstrap.host import Host, Login, connect, must
from infra.bootstrap.permission import VolumeTag
from infra.bootstrap.steps.base import Target
from infra.bootstrap.want import AGENTS, ROOT, Want, of_stack
from infra.errors import HostUnreachable, ResetRefused
from infra.operations import find, proof
from infra.settings import Settings

Say = Callable[[str], None]

PLACES = ("/home", "/root", "/srv", "/opt", "/var/lib/docker/volumes", "/var/www", "/usr/local")
NOT_THERE = (AGENTS, "/opt/pytorch", "/usr/local/bin/zagent")
"""Of the places where people keep things, what is ours or the image's."""

PAUSE = 2.0
PATIENCE = 1800.0
"""Seconds for the task, and then for the host to answer."""

QUICK = "zagent-verify-quick.service"


@dataclass
class Reset:
    """One reset; ``seconds`` are those of each phase so far."""

    settings: Settings
    found: find.Found
    host: Host
    say: Say
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time a phase."""
        self.say(f"{name} …")
        begun = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - begun

    @property
    def want(self) -> Want:
        """What the host should be, but that nothing is pulled: what the volume has must do."""
        return replace(of_stack(self.found.volume_id, vars(self.settings)), pull=False)

    def target(self, host: Host) -> Target:
        """What a converge works on."""
        own = self.settings
        return Target(host, VolumeTag(self.found.volume_id, own.project, own.stack, own.access), self.say)


def look(settings: Settings, say: Say) -> Reset:
    """Reach the host.

    Raises:
        ResetRefused: it is not as wanted to begin with.
        NoHost, DiskMissing, HostError, CloudRefused: as they say.
    """
    found = find.host(settings)
    reset = Reset(settings, found, connect(found.login, say), say)
    if steps := missing(reset.target(reset.host), reset.want):
        why = f"the host is not as wanted, it lacks: {'; '.join(map(str, steps))}"
        raise ResetRefused(instance=found.instance_id, why=why, hint="zagent cloud converge   first")
    return reset


def valuables(reset: Reset) -> list[tuple[str, int]]:
    """What would be lost with the system disk: paths and bytes, the largest first.

    Raises:
        CommandFailed, HostUnreachable: the host can't tell.
    """
    words = on_host("valuables", *PLACES, "--", *NOT_THERE)
    return [(path, size) for path, size in json.loads(must(reset.host, "look for what would be lost", *words))]


def carry_out(reset: Reset, image: str = "") -> None:
    """Do it; ``image`` is another AMI for the new disk, else it is the instance's own.

    Cut off at any point, `zagent cloud converge` makes the host whole: the volume has everything.

    Raises:
        NotProved: the weights are not whole; nothing was changed.
        ResetRefused: AWS does not replace the disk, or did not manage to.
        HostError, CloudRefused: as they say.
    """
    with reset.phase("weights proved"):
        proof.require(reset.host, reset.say)
    before = boot(reset.host)
    with reset.phase("volume let go"):
        must(reset.host, "let the data volume go", *on_host("release", ROOT))
    with reset.phase("system disk replaced"):
        _replace(reset, image)
    with reset.phase("host booted"):
        host = _booted(reset.found.login, before, reset.say)
    with reset.phase("host converged"):
        converge(reset.target(host), reset.want)
    with reset.phase("weights there"):
        must(host, "find the weights", "systemctl", "start", QUICK)


def _replace(reset: Reset, image: str) -> None:
    # Safety contract: the system disk is replaced ONLY if
    #   1. the host is the one of this stack, as its tags say (find.host),
    #   2. the weights are on the data volume, and every byte of them was proved within a day (proof.require),
    #   3. the data volume is unmounted, so that nothing of it is lost in memory (release, just before),
    #   4. what else is on the system disk was shown, and the person gave it up (the command).
    ec2, instance = reset.settings.access.ec2, reset.found.instance_id
    chosen = {"ImageId": image} if image else {}
    marks = tags.listed(reset.settings.own_tags)
    with answered():
        task = ec2.create_replace_root_volume_task(
            InstanceId=instance,
            DeleteReplacedRootVolume=True,
            TagSpecifications=[{"ResourceType": "replace-root-volume-task", "Tags": marks}],
            **chosen,  # type: ignore[arg-type]
        )["ReplaceRootVolumeTask"]["ReplaceRootVolumeTaskId"]
    until = time.monotonic() + PATIENCE
    while (state := _state(reset, task)) != "succeeded":
        if state.startswith("failed") or time.monotonic() > until:
            why = f"{task} is {state}" + ("; the instance has its old disk" if state == "failed" else "")
            hint = f"aws ec2 describe-replace-root-volume-tasks --replace-root-volume-task-ids {task}   tells why"
            raise ResetRefused(instance=instance, why=why, hint=f"{hint}; then zagent cloud converge")
        time.sleep(PAUSE)


def _state(reset: Reset, task: str) -> str:
    """EC2's word: pending, in-progress, failing, succeeded, failed, failed-detached."""
    with answered():
        told = reset.settings.access.ec2.describe_replace_root_volume_tasks(ReplaceRootVolumeTaskIds=[task])
    return told["ReplaceRootVolumeTasks"][0]["TaskState"]


def boot(host: Host) -> str:
    """The id of this boot, another one after each (random(4))."""
    return must(host, "tell its boot", "cat", "/proc/sys/kernel/random/boot_id").strip()


def _booted(login: Login, before: str, say: Say) -> Host:
    """The host once it answers from the new disk; the old system may still do so on its way down."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            host = connect(login, say)
            if boot(host) != before:
                return host
            host.close()
        except HostUnreachable:
            if time.monotonic() > until:
                raise
        time.sleep(PAUSE)
