"""The wanted state of the cloud: settings -> look-ups -> components -> exports."""

from __future__ import annotations

import boto3
import pulumi
from zagent.errors import ZagentError

from infra import lookup, settings
from infra.bootstrap.resource import HostBootstrap, HostBootstrapArgs
from infra.bootstrap.want import ROOT
from infra.components.data_volume import DataVolume, DataVolumeArgs
from infra.components.gpu_host import GpuHost, GpuHostArgs
from infra.components.network import Network, NetworkArgs


def configured() -> settings.Settings:
    """The settings of the stack that the engine runs."""
    region = pulumi.Config("aws").get("region") or boto3.Session().region_name or ""
    return settings.load(pulumi.Config().get, pulumi.get_project(), pulumi.get_stack(), region)


def main() -> None:
    """Declare the volume, the network in its zone, the host, and what must be on the host."""
    want = configured()
    found = lookup.data_volume(want)
    zone = lookup.zone(want, found)
    pulumi.log.info(f"data volume: {found.volume_id}, found by its tags" if found else "data volume: a blank one")

    volume = DataVolume("data", DataVolumeArgs(want, found, zone))
    network = Network("network", NetworkArgs(want, zone))
    host = GpuHost("host", GpuHostArgs(want, lookup.image(want), network, volume))
    HostBootstrap("bootstrap", HostBootstrapArgs(want, host, volume))

    pulumi.export("instance_id", host.instance.id)
    pulumi.export("host", host.address)
    pulumi.export("host_key", host.key.public_key)
    pulumi.export("ssh_user", want.ssh_user)
    pulumi.export("volume_id", volume.id)
    pulumi.export("volume_zone", zone)
    pulumi.export("volume_adopted", found is not None)
    pulumi.export("mount_point", ROOT)


try:
    main()
except ZagentError as error:
    raise pulumi.RunError(f"{error.message}\n  {error.advice}") from error
