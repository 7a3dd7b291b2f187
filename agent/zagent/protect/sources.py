"""Where to restore from: a destination by its name, a copy by its path or address, or whatever is set up."""

from __future__ import annotations

from pathlib import Path

from zagent.errors import NothingToRestore
from zagent.protect import destinations, engines
from zagent.protect.destinations import Destination
from zagent.protect.engine import Source
from zagent.protect.mirror.home import Mirror
from zagent.volume.layout import Layout


def known(layout: Layout) -> list[Source]:
    """Every destination that is set up; mirrors first, as they come back at the disk's speed."""
    found = sorted(destinations.known(layout), key=lambda one: one.kind != "mirror")
    return [engines.engine(layout, one) for one in found]


def named(layout: Layout, given: str) -> Source:
    """The copy that a person named.

    Raises:
        NothingToRestore: it is none that zagent knows.
        DestinationRefused: it is neither a path nor an address.
    """
    for one in destinations.known(layout):
        if one.name == given:
            return engines.engine(layout, one)
    return engines.engine(layout, located(given))


def located(given: str) -> Destination:
    """A copy by its path or address; a folder is looked into.

    Raises:
        NothingToRestore: the folder is none.
        DestinationRefused: it is neither a path nor an address.
    """
    here = Path(given)
    if not here.is_dir() and not here.is_absolute():
        return destinations.named("from", given)
    here = here.absolute()
    if Mirror(here).marker.is_file():
        return Destination("from", "mirror", str(here))
    if (here / "config").is_file() and (here / "keys").is_dir():
        return Destination("from", "restic", str(here))
    why = f"{here} is neither a mirror of zagent's nor a restic repository" if here.is_dir() else f"there is no {here}"
    hint = f"zagent weights adopt {here}   if it is a plain copy of the model; or mount the disk that it lies on"
    raise NothingToRestore(what="weights", why=why, hint=hint)
