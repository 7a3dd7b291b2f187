"""The marker ``.zagent/volume.json``: the proof that a mount is the data root, written once when it is adopted."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from shlex import quote
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
        return owner(self.project, self.stack)


def owner(project: str | None, stack: str | None) -> str:
    """A project and stack as people read them."""
    return "/".join(filter(None, (project and f"project {project}", stack))) or "no project"


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
        raise MarkerDamaged(path=layout.marker, why=error, hint=_hint(error, layout)) from error


def _hint(error: ValueError, layout: Layout) -> str:
    if isinstance(error, NewerSchema):
        return "upgrade zagent on this machine; leave the marker as it is"
    again = f"rm {quote(str(layout.marker))}; zagent volume adopt {quote(str(layout.root))}"
    return f"restore it from a copy; or, if this is the right disk: {again}   (weights stay as they are)"


class NewerSchema(ValueError):
    """The marker was written by a later version than this."""


def parse(content: bytes) -> Marker:
    """Understand a marker's bytes.

    Raises:
        NewerSchema: a later version wrote it.
        ValueError: it is not JSON, or a field is missing, unknown or of the wrong type.
    """
    found = json.loads(content)
    if not isinstance(found, dict):
        raise ValueError("it is not a JSON object")
    schema = found.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:
        raise NewerSchema(f"schema {schema} is not known to this version, which knows {SCHEMA}")
    if wrong := [name for name, fits in _FIELDS.items() if name not in found or not fits(found[name])]:
        raise ValueError(f"{', '.join(wrong)} missing or wrong")
    if unknown := found.keys() - _FIELDS:
        raise ValueError(f"{', '.join(sorted(unknown))} unknown")
    return Marker(**{**found, "lineage": tuple(found["lineage"])})


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _text_or_none(value: object) -> bool:
    return value is None or _text(value)


_FIELDS: dict[str, Callable[[object], bool]] = {
    "data_id": _text,
    "fs_uuid": _text_or_none,
    "fs_type": _text,
    "kind": lambda value: value in get_args(Kind),
    "created": _text,
    "project": _text_or_none,
    "stack": _text_or_none,
    "lineage": lambda value: isinstance(value, list) and all(map(_text, value)),
    "schema": lambda value: value == SCHEMA,
}
"""What each field of the file must be."""


def write(root: Path, marker: Marker) -> None:
    """Write the marker durably; ``.zagent`` is made when it is missing."""
    layout = Layout(root)
    durable.make_folder(layout.own)
    durable.write(layout.marker, (json.dumps(asdict(marker), indent=2) + "\n").encode())
