"""The wanted state of the cloud: settings -> look-ups -> components -> exports."""

from __future__ import annotations

import pulumi
from zagent.errors import ZagentError

from infra import settings
from infra.account import sessions
from infra.bootstrap.resource import HostBootstrap, HostBootstrapArgs
from infra.bootstrap.want import ROOT
from infra.components.data_volume import DataVolume, DataVolumeArgs
from infra.components.gpu_host import GpuHost, GpuHostArgs
from infra.components.identity import HostIdentity, HostIdentityArgs
from infra.components.network import Network, NetworkArgs
from infra.components.snapshots import Snapshots, SnapshotsArgs
from infra.lookup.found import Found, look
from infra.lookup.known import known


def main() -> None:
    """Declare the volume, the network in its zone, the host, its snapshots, and what must be on the host."""
    want = settings.load(pulumi.Config().get, pulumi.Config("aws").get, pulumi.get_project(), pulumi.get_stack())
    found = look(want, known())
    tell(found)
    volume = DataVolume("data", DataVolumeArgs(want, found))
    network = Network("network", NetworkArgs(want, found.zone))
    identity = HostIdentity("identity", HostIdentityArgs(want, found))
    host = GpuHost("host", GpuHostArgs(want, found, network, identity, volume))
    snapshots = Snapshots("snapshots", SnapshotsArgs(want, found))
    HostBootstrap("bootstrap", HostBootstrapArgs(want, found.stopped, host, volume))
    export(want, found, volume, host, snapshots)


def tell(found: Found) -> None:
    """Say which volume and why, and what a person should know."""
    pulumi.log.info(f"data volume: {found.choice.why}")
    for one in found.warnings:
        pulumi.log.warn(one)


def export(want: settings.Settings, found: Found, volume: DataVolume, host: GpuHost, snapshots: Snapshots) -> None:
    """What scripts and people ask `pulumi stack output` for."""
    pulumi.export("instance_id", host.instance.id)
    pulumi.export("host", host.address)
    pulumi.export("host_key", host.key.public_key)
    pulumi.export("ssh", host.address.apply(lambda address: sessions.ssh(want.ssh_user, address, want.proxy)))
    pulumi.export("ssh_user", want.ssh_user)
    pulumi.export("volume_id", volume.id)
    pulumi.export("volume_zone", found.zone)
    pulumi.export("volume_adopted", found.choice.volume is not None)
    pulumi.export("snapshot_policy_id", snapshots.policy.id)
    pulumi.export("mount_point", ROOT)


try:
    main()
except ZagentError as error:
    raise pulumi.RunError(f"{error.message}\n  try: {error.advice}") from error
