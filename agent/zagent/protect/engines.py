"""Which engine serves a destination."""

from __future__ import annotations

from pathlib import Path

from zagent.errors import MarkerDamaged
from zagent.protect.destinations import Destination
from zagent.protect.engine import PARTS, Engine
from zagent.protect.mirror.engine import MirrorEngine
from zagent.protect.mirror.home import Mirror
from zagent.protect.restic import password
from zagent.protect.restic.engine import ResticEngine
from zagent.volume import marker
from zagent.volume.layout import Layout

__all__ = ["PARTS", "engine"]


def engine(layout: Layout, destination: Destination, password_file: Path | None = None, snapshot: str = "") -> Engine:
    """What brings a destination up to date and brings things back from it.

    ``password_file`` is another than the one on the data root; ``snapshot`` which state to restore.
    """
    if destination.kind == "restic":
        opened = password_file or password.path(layout, destination.name)
        return ResticEngine(destination.address, opened, snapshot, _own(layout))
    return MirrorEngine(Mirror(Path(destination.address)), _own(layout))


def _own(layout: Layout) -> str:
    """The data id of this data root; empty where nothing tells it, as where a copy goes to another folder.

    Whether it is a data root at all is asked by whoever changes it.
    """
    try:
        found = marker.read(layout)
    except (MarkerDamaged, OSError):
        return ""
    return found.data_id if found else ""
