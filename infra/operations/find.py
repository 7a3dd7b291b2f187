"""Find a stack's host by asking the cloud, with no Pulumi state."""

from __future__ import annotations

from dataclasses import dataclass

from infra import tags
from infra.account import hosts, sessions, volumes
from infra.account.hosts import Host
from infra.bootstrap.ssh.login import Login
from infra.errors import DiskMissing, NoHost
from infra.lookup.volume import the_one
from infra.settings import Settings


@dataclass(frozen=True)
class Found:
    """A running host: its instance, how to log in, and the data volume attached to it."""

    instance_id: str
    login: Login
    volume_id: str


def host(settings: Settings) -> Found:
    """The running host of a stack and the data volume attached to it, by their tags.

    Raises:
        NoHost: none runs, or more than one.
        DiskMissing, ManyVolumes: not exactly one of the stack's volumes is attached to it.
        NoWayIn: it is reached through Session Manager, whose tools are not here.
        CloudRefused: AWS does not answer.
    """
    one = running(settings)
    living = volumes.with_tags(settings.access, settings.own_tags)
    volume = the_one(settings, [each for each in living if one.id in each.attached_to])
    if volume is None:
        serial = f"of a volume of {settings.project}/{settings.stack}"
        raise DiskMissing(address=one.id, serial=serial, disks="none that carries its tags")
    return Found(one.id, login(settings, one), volume.id)


def running(settings: Settings) -> Host:
    """The one host of a stack that runs, by its tags, whether it has a volume or not.

    Raises:
        NoHost: none runs, or more than one.
        CloudRefused: AWS does not answer.
    """
    found = hosts.with_tags(settings.access, settings.own_tags)
    run = [one for one in found if one.state == "running"]
    if len(run) != 1:
        there = ", ".join(f"{one.id} is {one.state}" for one in found) or "there is none"
        raise NoHost(project=settings.project, stack=settings.stack, there=there)
    return run[0]


def login(settings: Settings, found: Host) -> Login:
    """How to log in to a host: its address or Session Manager, the stack's key, the host key of its tag.

    Raises:
        NoWayIn: it is reached through Session Manager, whose tools are not here.
    """
    if not settings.has_address:
        sessions.require_tools()
    address, key = found.address if settings.has_address else found.id, found.tags.get(tags.HOST_KEY, "")
    return Login(address, settings.ssh_user, settings.ssh_private_key_file, key, proxy=settings.proxy)
