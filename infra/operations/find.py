"""Find a stack's host by asking the cloud, with no Pulumi state."""

from __future__ import annotations

from dataclasses import dataclass

from infra import tags
from infra.account import hosts, sessions, volumes
from infra.account.hosts import Host
from infra.bootstrap.host import Login
from infra.errors import DiskMissing, ManyVolumes, NoHost
from infra.settings import Settings


@dataclass(frozen=True)
class Found:
    """A running host: how to log in, and the data volume attached to it."""

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
    attached = volumes.with_tags(settings.access, settings.own_tags)
    ids = [one.id for one in attached if running[0].id in one.attached_to]
    if len(ids) > 1:
        raise ManyVolumes(project=settings.project, stack=settings.stack, volumes=", ".join(ids))
    if not ids:
        serial = f"of a volume of {settings.project}/{settings.stack}"
        raise DiskMissing(address=running[0].id, serial=serial, disks="none that carries its tags")
    return Found(_login(settings, running[0]), ids[0])


def _login(settings: Settings, found: Host) -> Login:
    key = found.tags.get(tags.HOST_KEY, "")
    if settings.has_address:
        return Login(found.address, settings.ssh_user, settings.ssh_private_key_file, key)
    sessions.require_tools()
    proxy = sessions.proxy_command(settings.access)
    return Login(found.id, settings.ssh_user, settings.ssh_private_key_file, key, proxy=proxy)
