"""``zagent cloud reset``: a new system disk, and everything back from the volume, with no byte from the hub."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property

from zagent.schedule import units

from infra.bootstrap.converge import converge, missing
from infra.bootstrap.gather import on_host
from infra.bootstrap.ssh.connecting import connect
from infra.bootstrap.ssh.host import Host, must
from infra.bootstrap.steps.base import Target
from infra.bootstrap.want import AGENT_ENV, AGENTS, LAUNCHER, ROOT, RUNTIME_LIST, Want, of_stack
from infra.errors import CloudRefused, CommandFailed, HostError, HostUnreachable, ResetRefused
from infra.operations import find, proof, replacing
from infra.operations.converge import target
from infra.operations.taking import Say
from infra.settings import Settings

PLACES = ("/home", "/root", "/srv", "/opt", "/var/lib/docker/volumes", "/var/www", "/usr/local", "/etc/zagent")
NOT_THERE = (AGENTS, "/opt/pytorch", LAUNCHER, AGENT_ENV, RUNTIME_LIST)
"""Of the places where people keep things, what is ours or the image's."""

PAUSE = 2.0
PATIENCE = 1800.0
"""Seconds for the host to answer from its new disk."""

BOOT = "/proc/sys/kernel/random/boot_id"

STOP_USERS = (
    "zagent cloud ssh   and stop what comes back by itself, such as a container: `sudo docker stop NAME`; "
    f"`sudo fuser -vm {ROOT}` shows who uses it; then zagent cloud reset again"
)
"""Whatever is started again by something else takes the volume back before it is unmounted."""

QUICK = units.service(units.QUICK)


@dataclass
class Reset:
    """One reset; ``seconds`` are those of each phase so far.

    ``task`` is EC2's, as soon as there is one; ``boot`` is that of the old system, empty where nobody looked.
    """

    settings: Settings
    found: find.Found
    say: Say
    task: str = ""
    boot: str = ""
    seconds: dict[str, float] = field(default_factory=dict)

    @cached_property
    def host(self) -> Host:
        """The host with its old system disk."""
        return connect(self.found.login, self.say)

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
        return target(self.settings, self.found, host, self.say)


def look(settings: Settings, say: Say, image: str = "") -> Reset:
    """Reach the host; where an earlier reset was cut off while AWS worked, go on with that.

    Raises:
        ResetRefused: it is not as wanted to begin with, or there is no such image.
        NoHost, DiskMissing, HostError, CloudRefused: as they say.
    """
    found = find.host(settings)
    reset = Reset(settings, found, say, replacing.under_way(settings.access, found.instance_id))
    if reset.task:
        say(f"{reset.task} replaces the system disk already: it is followed")
        return reset
    if image:
        replacing.require_image(settings.access, found.instance_id, image)
    if steps := missing(reset.target(reset.host), reset.want):
        why = f"the host is not as wanted, it lacks: {'; '.join(map(str, steps))}"
        raise ResetRefused(instance=found.instance_id, why=why, hint="zagent cloud converge   first")
    return reset


def valuables(reset: Reset) -> list[tuple[str, int]]:
    """What would be lost with the system disk: paths and bytes, the largest first; none of one that is gone already.

    Raises:
        CommandFailed, HostUnreachable: the host can't tell.
    """
    if reset.task:
        return []
    words = on_host("valuables", *PLACES, "--", *NOT_THERE)
    return [(path, size) for path, size in json.loads(must(reset.host, "look for what would be lost", *words))]


def carry_out(reset: Reset, image: str = "") -> None:
    """Do it; ``image`` is another AMI for the new disk, else it is the instance's own.

    Cut off at any point, `zagent cloud converge` makes the host whole: the volume has everything.

    Raises:
        NotProved: the weights are not whole; nothing was changed.
        ResetRefused: the volume could not be let go, and the host is as before; or AWS did not manage to.
        HostError, CloudRefused: as they say.
    """
    access, instance = reset.settings.access, reset.found.instance_id
    if not reset.task:
        _begin(reset, image)
    with reset.phase("system disk replaced"):
        replacing.wait(access, instance, reset.task, reset.say)
        replacing.tag_disk(access, instance, reset.settings.root_tags)
    with reset.phase("host booted"):
        host = booted(reset)
    with reset.phase("host converged"):
        converge(reset.target(host), reset.want)
    with reset.phase("weights there"):
        must(host, "find the weights", "systemctl", "start", QUICK)


def _begin(reset: Reset, image: str) -> None:
    # Safety contract: the system disk is replaced ONLY if
    #   1. the host is the one of this stack, as its tags say (find.host),
    #   2. the weights are on the data volume, and every byte of them was proved within a day (proof.require),
    #   3. the data volume is unmounted, so that nothing of it is lost in memory (release, just before),
    #   4. what else is on the system disk was shown, and the person gave it up (the command).
    with reset.phase("weights proved"):
        proof.require(reset.host, reset.say)
    reset.boot = boot(reset.host)
    try:
        _let_go(reset)
        own = reset.settings.own_tags
        reset.task = replacing.begin(reset.settings.access, reset.found.instance_id, image, own)
    except (CloudRefused, ResetRefused) as error:
        reset.say(f"{error.message}; the host is put back as it was")
        converge(reset.target(reset.host), reset.want)
        raise


def _let_go(reset: Reset) -> None:
    with reset.phase("volume let go"):
        try:
            must(reset.host, "let the data volume go", *on_host("release", ROOT))
        except CommandFailed as error:
            why = error.facts["why"]
            raise ResetRefused(instance=reset.found.instance_id, why=why, hint=STOP_USERS) from error


def boot(host: Host) -> str:
    """The id of this boot, another one after each (random(4))."""
    return must(host, "tell its boot", "cat", BOOT).strip()


def booted(reset: Reset) -> Host:
    """The host once it answers from the new disk; the old system may still do so on its way down.

    Raises:
        HostUnreachable, CommandFailed: it does not in time.
        HostKeyDiffers: another machine answers there.
    """
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return _with_new_system(reset)
        except (HostUnreachable, CommandFailed):
            if time.monotonic() > until:
                raise
        time.sleep(PAUSE)


def _with_new_system(reset: Reset) -> Host:
    host = connect(reset.found.login, reset.say)
    try:
        if boot(host) == reset.boot:
            raise HostUnreachable(address=host.address, why="its old system still answers")
    except HostError:
        host.close()
        raise
    return host
