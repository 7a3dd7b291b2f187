"""Where to restore from: a destination by its name, a copy by its path or address, or whatever is set up."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zagent.errors import NothingToRestore, PasswordRefused, UsageError
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
        DestinationRefused: it is an address with a password in it.
        UsageError: a folder has no snapshots.
        PasswordRefused: there is no such ``password_file``.
    """
    found = _meant(destinations.known(layout), given)
    if snapshot and found.kind == "mirror":
        raise UsageError(detail=f"--snapshot names a state of a restic repository; {given} is a folder")
    if password_file and not password_file.exists():
        hint = "name the file that holds the password: --password-file FILE"
        raise PasswordRefused(path=password_file, why="there is no such file", hint=hint)
    return engines.engine(layout, found, password_file, snapshot)


def _meant(found: Sequence[Destination], given: str) -> Destination:
    for one in found:
        if one.name == given or (one.address == given and one.kind == "restic"):
            return one
    if destinations.is_address(given) or Path(given).exists():
        return located(given)
    others = f"there are {', '.join(one.name for one in found)}" if found else "no destination is set up"
    hint = "give a destination's name, a folder, or a restic address"
    raise NothingToRestore(what="weights", why=f"no copy is named {given}; {others}", hint=hint)


def located(given: str) -> Destination:
    """A copy by its path or address; a folder is looked into.

    Raises:
        NothingToRestore: there is none.
        DestinationRefused: it is an address with a password in it.
    """
    here = Path(given)
    if not here.exists() and not here.is_absolute():
        return destinations.named("from", given)
    here = here.absolute()
    if Mirror(here).marker.is_file():
        return Destination("from", "mirror", str(here))
    if (here / "config").is_file() and (here / "keys").is_dir():
        return Destination("from", "restic", str(here))
    why = f"{here} is neither a mirror of zagent's nor a restic repository" if here.exists() else f"there is no {here}"
    hint = f"zagent weights adopt {here}   if it is a plain copy of the model; or mount the disk that it lies on"
    raise NothingToRestore(what="weights", why=why, hint=hint)
