"""Where everything goes. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from infra.account.volumes import Volume
from infra.errors import TypeNotOffered, WrongZone
from infra.settings import Settings


def chosen(settings: Settings, volume: Volume | None, offered: Sequence[str]) -> str:
    """The volume's zone if there is a volume, else the configured one, else the first that offers the type.

    Raises:
        WrongZone: the configuration names another zone than the volume's.
        TypeNotOffered: the instance type is not to be had there, or nowhere in this region.
    """
    if volume and settings.availability_zone not in ("", volume.zone):
        raise WrongZone(volume=volume.id, zone=volume.zone, wanted=settings.availability_zone)
    wanted = volume.zone if volume else settings.availability_zone
    if wanted in offered or (offered and not wanted):
        return wanted or offered[0]
    raise TypeNotOffered(
        instance_type=settings.instance_type,
        where=wanted or "this region",
        zones=", ".join(offered) or "no zone of this region",
        hint=_way_out(volume, wanted, offered),
    )


def _way_out(volume: Volume | None, wanted: str, offered: Sequence[str]) -> str:
    another = f"pulumi config set instanceType TYPE   one that {wanted or 'the region'} offers"
    if not offered:
        return another
    if volume:
        copy = f"`zagent cloud snapshot restore --zone {offered[0]}`"
        return f"{another}; or `pulumi destroy`, then {copy}   to go on there with a copy"
    return f"pulumi config set availabilityZone {offered[0]}"
