"""The marker ``.zagent/volume.json``: the proof that a mount is the data root, written once when it is adopted."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal, get_args

from zagent import durable
from zagent.errors import MarkerDamaged
from zagent.volume.layout import Layout

SCHEMA = 1

Kind = Literal["data-disk", "system-disk", "other"]
"""data-disk: a disk of its own; system-disk: at risk, and known to be; other: a filesystem accepted as it is."""


@dataclass(frozen=True)
class Marker:
    """What a data root says of itself.

    ``data_id`` stays the same for the data's whole life, also on another disk; ``lineage`` names the disks it has
    lived on (serial numbers, which on EBS are volume ids), newest last. ``fs_uuid`` is None where the filesystem
    has none (network, overlay).
    """

    data_id: str
    fs_uuid: str | None
    fs_type: str
    kind: Kind
    created: str
    project: str | None = None
    stack: str | None = None
    lineage: tuple[str, ...] = ()
    schema: int = field(default=SCHEMA)

    @property
    def owner(self) -> str:
        """The project and stack that made it, as people read them."""
        return f"project {self.project}/{self.stack}" if self.project else "no project"


def new(kind: Kind, fs_type: str, fs_uuid: str | None, **more: Any) -> Marker:
    """A marker for a data root adopted now; ``more`` are project, stack and lineage."""
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return Marker(str(uuid.uuid4()), fs_uuid, fs_type, kind, now, **more)


def read(layout: Layout) -> Marker | None:
    """The marker of a data root, or None where there is none.

    Raises:
        MarkerDamaged: it is there, but can't be understood.
        OSError: it can't be read.
    """
    try:
        content = layout.marker.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        return parse(content)
    except ValueError as error:
        raise MarkerDamaged(path=layout.marker, root=layout.root, why=error) from error


def parse(content: bytes) -> Marker:
    """Understand a marker's bytes.

    Raises:
        ValueError: it is not JSON, lacks a field, or is of a schema or kind this version does not know.
    """
    found = json.loads(content)
    if not isinstance(found, dict):
        raise ValueError("it is not a JSON object")
    if found.get("schema") != SCHEMA:
        raise ValueError(f"schema {found.get('schema')} is not known to this version, which knows {SCHEMA}")
    if found.get("kind") not in get_args(Kind):
        raise ValueError(f"kind {found.get('kind')!r} is not known")
    try:
        return Marker(**{**found, "lineage": tuple(found.get("lineage", ()))})
    except TypeError as error:
        raise ValueError(f"a field is missing or unknown: {error}") from error


def write(root: Path, marker: Marker) -> None:
    """Write the marker durably; ``.zagent`` is made when it is missing."""
    layout = Layout(root)
    durable.make_folder(layout.own)
    durable.write(layout.marker, (json.dumps(asdict(marker), indent=2) + "\n").encode())
