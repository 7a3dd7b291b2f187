"""Which engine serves a destination."""

from __future__ import annotations

from pathlib import Path

from zagent.protect.destinations import Destination
from zagent.protect.engine import PARTS, Engine
from zagent.protect.mirror.engine import MirrorEngine
from zagent.protect.mirror.home import Mirror
from zagent.protect.restic import password
from zagent.protect.restic.engine import ResticEngine
from zagent.volume.layout import Layout

__all__ = ["PARTS", "engine"]


def engine(layout: Layout, destination: Destination, password_file: Path | None = None, snapshot: str = "") -> Engine:
    """What brings a destination up to date and brings things back from it.

    ``password_file`` is another than the one on the data root; ``snapshot`` which state to restore.
    """
    if destination.kind == "restic":
        return ResticEngine(destination.address, password_file or password.path(layout, destination.name), snapshot)
    return MirrorEngine(Mirror(Path(destination.address)))
