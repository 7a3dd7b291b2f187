"""Find a stack's host by asking the cloud, with no Pulumi state."""

from __future__ import annotations

from dataclasses import dataclass

from infra import tags
from infra.account import hosts, sessions, volumes
from infra.account.hosts import Host
from infra.bootstrap.host import Login
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
    running = [one for one in hosts.with_tags(settings.access, settings.own_tags) if one.state == "running"]
    if len(running) != 1:
        raise NoHost(project=settings.project, stack=settings.stack)
    living = volumes.with_tags(settings.access, settings.own_tags)
    volume = the_one(settings, [one for one in living if running[0].id in one.attached_to])
    if volume is None:
        serial = f"of a volume of {settings.project}/{settings.stack}"
        raise DiskMissing(address=running[0].id, serial=serial, disks="none that carries its tags")
    return Found(running[0].id, _login(settings, running[0]), volume.id)


def _login(settings: Settings, found: Host) -> Login:
    if not settings.has_address:
        sessions.require_tools()
    address, key = found.address if settings.has_address else found.id, found.tags.get(tags.HOST_KEY, "")
    return Login(address, settings.ssh_user, settings.ssh_private_key_file, key, proxy=settings.proxy)
