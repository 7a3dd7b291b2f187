"""Where to restore from: a destination by its name, a copy by its path or address, or whatever is set up."""

from __future__ import annotations

from pathlib import Path

from zagent.errors import NothingToRestore
from zagent.protect import destinations, engines
from zagent.protect.destinations import Destination
from zagent.protect.engine import Engine
from zagent.protect.mirror.home import Mirror
from zagent.volume.layout import Layout


def known(layout: Layout, snapshot: str = "") -> list[Engine]:
    """Every destination that is set up; mirrors first, as they come back at the disk's speed.

    A ``snapshot`` is a state of a restic repository, so that only those are asked.
    """
    found = sorted(destinations.known(layout), key=lambda one: one.kind != "mirror")
    return [engines.engine(layout, one, None, snapshot) for one in found if one.kind == "restic" or not snapshot]


def named(layout: Layout, given: str, password_file: Path | None = None, snapshot: str = "") -> Engine:
    """The copy that a person named: by a destination's name, a path, or an address.

    Raises:
        NothingToRestore: it is none that zagent knows.
        DestinationRefused: it is neither a path nor an address.
    """
    for one in destinations.known(layout):
        if one.name == given or (one.address == given and one.kind == "restic"):
            return engines.engine(layout, one, password_file, snapshot)
    return engines.engine(layout, located(given), password_file, snapshot)


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
