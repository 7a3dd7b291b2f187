"""``zagent cloud status``: what there is of a stack, as AWS tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from infra import tags
from infra.account import caller, hosts, policies, sessions, snapshots, volumes
from infra.account.hosts import Host
from infra.account.policies import Plan, Policy
from infra.account.snapshots import DAILY, FINAL, OTHER, VERIFIED, Snapshot
from infra.account.volumes import Volume
from infra.operations import cost
from infra.settings import Settings

if TYPE_CHECKING:
    from infra.operations.inside import Inside


@dataclass(frozen=True)
class Status:
    """What there is; hosts and volumes are several only when something went wrong.

    ``you`` is the ARN of whoever asks. ``roots`` are the hosts' system disks, by host. ``snapshots`` are the data
    volume's and those of earlier ones, ``root_snapshots`` the system disk's; both are newest first. ``inside`` is what
    hosts say of themselves, by host; none where they were not asked.
    """

    settings: Settings
    you: str
    hosts: tuple[Host, ...] = ()
    roots: Mapping[str, Volume] = field(default_factory=dict)
    volumes: tuple[Volume, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    root_snapshots: tuple[Snapshot, ...] = ()
    policy: Policy | None = None
    plan: Plan | None = None
    root_policy: Policy | None = None
    root_plan: Plan | None = None
    inside: Mapping[str, Inside] = field(default_factory=dict)

    @property
    def nothing(self) -> bool:
        """Whether there is nothing at all of the stack."""
        return not (self.hosts or self.volumes or self.snapshots or self.root_snapshots or self.policy)

    @property
    def volume(self) -> Volume | None:
        """The one data volume that is meant; None where there is none, or nothing tells which."""
        named = self.settings.volume_id
        meant = [one for one in self.volumes if not named or one.id == named]
        return meant[0] if len(meant) == 1 else None

    @property
    def by_kind(self) -> dict[str, list[Snapshot]]:
        """The data volume's snapshots by their kind, without the kinds of which there is none."""
        found = {kind: [one for one in self.snapshots if one.kind == kind] for kind in (DAILY, VERIFIED, FINAL, OTHER)}
        return {kind: of_kind for kind, of_kind in found.items() if of_kind}

    @property
    def left_behind(self) -> tuple[Snapshot, ...]:
        """Those that no policy counts any more: of an earlier policy, or of an earlier volume.

        Final ones are none of these: somebody wanted them. Without a volume none is: they are all that is left.
        """
        return tuple(one for one in self.snapshots if one.kind != FINAL and self._earlier(one)) if self.volumes else ()

    def _earlier(self, one: Snapshot) -> bool:
        policy = self.policy.id if self.policy else ""
        of_policy = one.kind == DAILY and one.tags.get(policies.MADE_BY, "") != policy
        return of_policy or one.volume not in [volume.id for volume in self.volumes]

    def login(self, host: Host) -> str:
        """The line that a person types to log in to a host; empty while that can't be."""
        address = host.address if self.settings.has_address else host.id
        if host.state != "running" or not address:
            return ""
        return sessions.ssh(self.settings.ssh_user, address, self.settings.proxy)


def look(settings: Settings) -> Status:
    """Ask AWS.

    Raises:
        CloudRefused: it does not answer.
    """
    access, own = settings.access, settings.own_tags
    found = hosts.with_tags(access, own)
    policy = _policy(settings, settings.target)
    root_policy = _policy(settings, settings.root_target) if settings.snapshot_root else None
    return Status(
        settings=settings,
        you=caller.caller(access).owner,
        hosts=tuple(found),
        roots=dict(_roots(settings, found)),
        volumes=_volumes(settings),
        snapshots=tuple(snapshots.with_tags(access, own)),
        root_snapshots=tuple(snapshots.with_tags(access, {tags.SNAPSHOTS: settings.root_target})),
        policy=policy,
        plan=policies.plan(access, policy.id) if policy else None,
        root_policy=root_policy,
        root_plan=policies.plan(access, root_policy.id) if root_policy else None,
    )


def _policy(settings: Settings, target: str) -> Policy | None:
    return next(iter(policies.with_target(settings.access, tags.SNAPSHOTS, target)), None)


def _roots(settings: Settings, found: list[Host]) -> Iterator[tuple[str, Volume]]:
    for one in found:
        root = volumes.with_id(settings.access, one.root) if one.root else None
        if root:
            yield one.id, root


def _volumes(settings: Settings) -> tuple[Volume, ...]:
    """Those that carry the stack's tags, and the one that volumeId names, which may not carry them yet."""
    found = {one.id: one for one in volumes.with_tags(settings.access, settings.own_tags)}
    if settings.volume_id and settings.volume_id not in found:
        named = volumes.with_id(settings.access, settings.volume_id)
        found |= {named.id: named} if named else {}
    return tuple(found.values())


def monthly(status: Status) -> cost.Cost:
    """What all of it costs if it stays for a month as it is now."""
    region = status.settings.access.region_name
    machines = [cost.Stack(region, host=_host(one), root=_root(status, one)) for one in status.hosts]
    sizes = tuple(float(one.size) for one in (*status.snapshots, *status.root_snapshots) if one.state != "error")
    kept = cost.Stack(region, volumes=tuple(map(_disk, status.volumes)), snapshots=sizes)
    found = [cost.monthly(one) for one in (*machines, kept)]
    return cost.Cost(tuple(part for one in found for part in one.parts), found[-1].basis)


def _host(host: Host) -> cost.Host:
    return cost.Host(host.instance_type, running=not host.stopped, address=bool(host.address))


def _root(status: Status, host: Host) -> cost.Disk | None:
    return _disk(status.roots[host.id]) if host.id in status.roots else None


def _disk(volume: Volume) -> cost.Disk:
    return cost.Disk(volume.size, volume.kind, volume.iops, volume.throughput)
