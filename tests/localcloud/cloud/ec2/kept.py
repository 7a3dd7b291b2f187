"""What EC2 knows of a region's volumes and snapshots beyond the end of the daemon: a JSON file beside their disks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, get_origin, get_type_hints

from tests.localcloud.errors import LocalCloudError

WHAT = "volumes and snapshots of a zagent local cloud"
VERSION = 1

IDENTITY = re.compile(r"(vol|snap)-[0-9a-f]+")
"""Ids become names of files."""

Entry = TypeVar("Entry", "KeptVolume", "KeptSnapshot")


@dataclass(frozen=True)
class KeptVolume:
    """A volume as DescribeVolumes shows it when nothing holds it; ``created`` is ISO 8601 in UTC.

    ``ends_with_instance``: an instance holds it and deletes it on termination, so it is not there any more later.
    """

    id: str
    size_gib: int
    zone: str
    volume_type: str
    iops: int | None
    throughput: int | None
    multi_attach_enabled: bool | None
    encrypted: bool
    kms_key_id: str | None
    snapshot_id: str | None
    created: str
    tags: dict[str, str]
    ends_with_instance: bool


@dataclass(frozen=True)
class KeptSnapshot:
    """A snapshot as DescribeSnapshots shows it; ``created`` is ISO 8601 in UTC."""

    id: str
    volume_id: str
    volume_size_gib: int
    description: str | None
    status: str
    encrypted: bool
    kms_key_id: str | None
    owner_id: str
    storage_tier: str
    created: str
    tags: dict[str, str]


@dataclass(frozen=True)
class Kept:
    """All that is kept of a region."""

    volumes: tuple[KeptVolume, ...] = ()
    snapshots: tuple[KeptSnapshot, ...] = ()

    def written(self) -> bytes:
        """The content of the file."""
        return json.dumps({"what": WHAT, "version": VERSION, **asdict(self)}, indent=1).encode()


def file(folder: Path, account_id: str, region: str) -> Path:
    """Where it is kept."""
    return folder / f"{account_id}.{region}.json"


def regions(folder: Path, account_id: str) -> list[str]:
    """Those of which something is kept."""
    name = re.compile(rf"{account_id}\.([a-z]+(-[a-z]+)+-\d+)\.json")
    return sorted(found[1] for one in folder.iterdir() if (found := name.fullmatch(one.name)))


def read(path: Path) -> Kept:
    """What is kept in a file; nothing, if there is none.

    Raises:
        LocalCloudError: it was written by a later version, or can't be understood. Nothing is changed.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Kept()
    try:
        return _understood(json.loads(content))
    except ValueError as error:
        remedy = "mend it, or move it away to begin without them; their disks beside it stay"
        raise LocalCloudError(f"{path}, which says what volumes there are, {error}: {remedy}.") from error


def _understood(found: Any) -> Kept:
    if not isinstance(found, dict) or found.get("what") != WHAT:
        raise ValueError("was not written by a local cloud")
    if found.get("version") != VERSION:
        raise ValueError(f"has version {found.get('version')}, and this local cloud knows only {VERSION}")
    return Kept(_entries(KeptVolume, found.get("volumes")), _entries(KeptSnapshot, found.get("snapshots")))


def _entries(kind: type[Entry], found: Any) -> tuple[Entry, ...]:
    hints = get_type_hints(kind)
    if not isinstance(found, list) or not all(_fits(one, hints) for one in found):
        raise ValueError(f"has something else where a {kind.__name__} should be")
    entries = tuple(kind(**one) for one in found)
    for one in entries:
        datetime.fromisoformat(one.created)
    return entries


def _fits(entry: Any, hints: dict[str, Any]) -> bool:
    if not isinstance(entry, dict) or entry.keys() != hints.keys() or not IDENTITY.fullmatch(str(entry["id"])):
        return False
    return all(isinstance(entry[name], dict if get_origin(hint) is dict else hint) for name, hint in hints.items())


def sorted_by_id(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """In an order that a call about one of them does not change."""
    return tuple(sorted(entries, key=lambda one: one.id))
