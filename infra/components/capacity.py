"""What to tell a person when AWS has no machine to give."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from infra import tags
from infra.lookup.found import Found
from infra.lookup.volume import Choice
from infra.settings import Settings

CODE = "InsufficientInstanceCapacity"


def advice(errors: Sequence[str], settings: Settings, found: Found) -> str:
    """Words for the errors of a host that could not be made; none for other errors than a lack of capacity. Pure."""
    if not any(CODE in one for one in errors):
        return ""
    others = [one for one in found.offered if one != found.zone]
    elsewhere = f"{', '.join(others)} may have one" if others else "no other zone of this region offers the type"
    way_out = _way_out(others, _never_formatted(settings, found.choice))
    return (
        f"AWS has no {settings.instance_type} free in {found.zone} now; {elsewhere}. "
        f"Nothing is lost, and `pulumi up` is safe to run again; {way_out}"
    )


def _way_out(others: Sequence[str], never_formatted: bool) -> str:
    if not others:
        return "to take another type: `pulumi config set instanceType TYPE`"
    if never_formatted:  # a copy never would be: what was made of a snapshot counts as data
        return (
            "to move: `pulumi destroy`, `zagent cloud volume purge VOL_ID`, for nothing is on the volume yet, "
            "and `pulumi config set availabilityZone ZONE`"
        )
    return "to move: `pulumi destroy`, then `zagent cloud snapshot restore --zone ZONE`"


def _never_formatted(settings: Settings, choice: Choice) -> bool:
    """Whether this stack made the volume, or will, and no host ever had it; one that was named may hold anything."""
    if choice.volume is None:
        return choice.snapshot is None
    blank_born = not choice.volume.snapshot and tags.FORMAT not in choice.volume.tags
    return blank_born and not settings.volume_id


def hook(settings: Settings, found: Found) -> pulumi.ErrorHook:
    """Tells it at the moment of the error; the engine does not try again by itself."""

    def tell(args: pulumi.ErrorHookArgs) -> bool:
        if words := advice(args.errors, settings, found):
            pulumi.log.error(words)
        return False

    return pulumi.ErrorHook("capacity", tell)
