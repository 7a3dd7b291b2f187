"""Where copies go: the list of destinations, kept on the data root so that a reset does not forget it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from shlex import quote
from typing import Literal

from zagent import durable
from zagent.address import has_password, refused
from zagent.errors import DestinationRefused, NoDestination, SettingsDamaged
from zagent.volume.layout import Layout

SCHEMA = 1

Kind = Literal["mirror", "restic"]
"""mirror: plain copies of the weights in a folder; restic: an encrypted repository with a history."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_REMOTE = re.compile(r"(sftp|s3|rest|b2|azure|gs|swift|rclone):.")


@dataclass(frozen=True)
class Destination:
    """One place for copies. ``address`` is a folder, or a repository as restic names it."""

    name: str
    kind: Kind
    address: str

    @property
    def target(self) -> str:
        """The destination as `zagent backup add` takes it."""
        return f"restic:{self.address}" if self.kind == "restic" and self.address.startswith("/") else self.address

    @property
    def folder(self) -> Path | None:
        """Where it lies on this machine, None where it is elsewhere."""
        return Path(self.address) if self.address.startswith("/") else None


def named(name: str, target: str) -> Destination:
    """Understand what a person gave: a folder, ``restic:/folder``, or a repository elsewhere such as ``sftp:…``.

    Raises:
        DestinationRefused: it is none of these, or the name is no plain word.
    """
    try:
        return _understood(name, target)
    except ValueError as error:
        hint = "zagent backup add NAME TARGET   where TARGET is an absolute path, restic:/PATH, sftp:… or s3:…"
        raise DestinationRefused(target=refused(target), why=error, hint=hint) from error


def is_address(target: str) -> bool:
    """Whether it is one at least by its beginning; else it is a word, or a path from here. Pure."""
    address = target.removeprefix("restic:")
    return address.startswith("/") or _REMOTE.match(address) is not None


def _understood(name: str, target: str) -> Destination:
    if not _NAME.fullmatch(name):
        raise ValueError(f"the name {name!r} is not of small letters, digits and '-'")
    address = target.removeprefix("restic:")
    if _REMOTE.match(address):
        if has_password(address):
            raise ValueError("a password in an address is seen by everyone: name it in the environment instead")
        return Destination(name, "restic", address)
    if not address.startswith("/"):
        raise ValueError("it is neither an absolute path nor a repository elsewhere")
    return Destination(name, "mirror" if address == target else "restic", address.rstrip("/") or "/")


def path(layout: Layout) -> Path:
    """The file of the list."""
    return layout.backups / "destinations.json"


def known(layout: Layout) -> list[Destination]:
    """Every destination in the order in which they were added.

    Raises:
        SettingsDamaged: the list is there, but can't be understood.
        OSError: it can't be read.
    """
    try:
        return parse(path(layout).read_bytes())
    except FileNotFoundError:
        return []
    except (ValueError, TypeError, KeyError) as error:
        hint = f"rm {quote(str(path(layout)))}   and add the destinations again; what they hold stays as it is"
        raise SettingsDamaged(path=path(layout), why=error, hint=hint) from error


def parse(content: bytes) -> list[Destination]:
    """Understand the list's bytes. Pure.

    Raises:
        ValueError, TypeError, KeyError: they are not one.
    """
    found = json.loads(content)
    if found["schema"] != SCHEMA:
        raise ValueError(f"schema {found['schema']} is not known to this version, which knows {SCHEMA}")
    made = [Destination(**one) for one in found["destinations"]]
    for one in made:
        if one != _understood(one.name, one.target):
            raise ValueError(f"the entry {one.name!r} is none that zagent wrote")
    return made


def dump(destinations: Iterable[Destination]) -> bytes:
    """The list's bytes. Pure."""
    content = {"schema": SCHEMA, "destinations": [asdict(one) for one in destinations]}
    return (json.dumps(content, indent=2) + "\n").encode()


def require(layout: Layout, name: str) -> Destination:
    """The destination of that name.

    Raises:
        NoDestination: there is none, with those that there are.
    """
    found = known(layout)
    for one in found:
        if one.name == name:
            return one
    others = ", ".join(one.name for one in found)
    raise NoDestination(named=f" {name}", others=f": there are {others}" if others else ": none is")


def write(layout: Layout, destinations: Iterable[Destination]) -> None:
    """Write the list durably; its folder is made."""
    durable.make_folder(layout.backups)
    durable.write(path(layout), dump(destinations))
