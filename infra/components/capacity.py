"""What to tell a person when AWS has no machine to give."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

CODE = "InsufficientInstanceCapacity"


def advice(errors: Sequence[str], instance_type: str, zone: str, offered: Sequence[str]) -> str:
    """Words for the errors of a host that could not be made; none for other errors than a lack of capacity. Pure."""
    if not any(CODE in one for one in errors):
        return ""
    others = ", ".join(one for one in offered if one != zone)
    elsewhere = f"{others} offers the type, too" if others else "no other zone of this region offers the type"
    return (
        f"AWS has no {instance_type} free in {zone} now; {elsewhere}. "
        "Nothing is lost, and `pulumi up` is safe to run again; "
        "to move: `pulumi destroy`, then `zagent cloud snapshot restore --zone ZONE`"
    )


def hook(instance_type: str, zone: str, offered: Sequence[str]) -> pulumi.ErrorHook:
    """Tells it at the moment of the error; the engine does not try again by itself."""

    def tell(args: pulumi.ErrorHookArgs) -> bool:
        if words := advice(args.errors, instance_type, zone, offered):
            pulumi.log.error(words)
        return False

    return pulumi.ErrorHook("capacity", tell)
