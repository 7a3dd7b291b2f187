"""What a person may order of a running cloud: faults, armed for later or at once, and the policies' hour."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.localcloud.cloud.api import ec2, lifecycle
from tests.localcloud.cloud.faults import Fault
from tests.localcloud.cloud.region import REGION
from tests.localcloud.errors import LocalCloudError


def carry_out(order: str, **arguments: Any) -> str:
    """Do it.

    Raises:
        LocalCloudError: there is no such order, or nothing that it could be done to.
        TypeError, ValueError: its arguments do not fit.
    """
    if order not in ORDERS:
        raise LocalCloudError(f"There is no order {order!r}; there are {', '.join(ORDERS)}.")
    return ORDERS[order](**arguments)


def arm(kind: str, about: str = "", times: int | None = None) -> str:
    """A fault strikes from now on."""
    if kind == "capacity" and about:
        _zone(about)
    elif about:
        ec2().get_volume(about)
    ec2().faults.arm(Fault(kind, about, times))
    return f"armed: {kind} {about}".rstrip()


def _zone(name: str) -> str:
    zones = [one.name for one in ec2().describe_availability_zones()]
    if name not in zones:
        raise LocalCloudError(f"There is no zone {name!r}; there are {', '.join(zones)}.")
    return name


def clear() -> str:
    """No armed fault strikes any more; what has struck stays."""
    ec2().faults.clear()
    return "cleared"


def power_cut(instance: str) -> str:
    """The instance's machine loses power and boots again."""
    if not ec2().machines.running(instance):
        raise LocalCloudError(f"No machine of {instance} is switched on; see scripts/localcloud status.")
    ec2().machines.power_cut(instance)
    return f"{instance} has lost its power, and boots"


def read_only(volume: str) -> str:
    """Writes to an attached volume fail until it is detached."""
    held = ec2().get_volume(volume).attachment
    if held is None or not ec2().machines.running(held.instance.id):
        raise LocalCloudError(f"{volume} is not attached to a machine that runs; see scripts/localcloud status.")
    ec2().machines.fail_writes(held.instance.id, volume)
    return f"writes to {volume} fail"


def foreign_volume(tags: Mapping[str, str], zone: str = f"{REGION}a", size_gib: int = 1) -> str:
    """Somebody else makes a volume with these tags, such as those by which a program finds its own; its id."""
    volume = ec2().create_volume(size=size_gib, zone_name=_zone(zone), volume_type="gp3")
    ec2().create_tags([volume.id], dict(tags))
    ec2().keep()
    return str(volume.id)


def run_policy(policy: str) -> str:
    """What a snapshot policy does when its hour comes, now."""
    lifecycle().run(policy)
    ec2().keep()
    return f"{policy} has taken its snapshots"


ORDERS: Final[Mapping[str, Callable[..., str]]] = {
    "arm": arm,
    "clear": clear,
    "power-cut": power_cut,
    "read-only": read_only,
    "foreign-volume": foreign_volume,
    "run-policy": run_policy,
}
