"""Which engine serves a destination."""

from __future__ import annotations

from pathlib import Path

from zagent.protect.destinations import Destination
from zagent.protect.engine import PARTS, Engine
from zagent.protect.mirror.engine import MirrorEngine
from zagent.protect.mirror.home import Mirror
from zagent.volume.layout import Layout

__all__ = ["PARTS", "engine"]


def engine(layout: Layout, destination: Destination) -> Engine:
    """What brings a destination up to date and brings things back from it."""
    return MirrorEngine(Mirror(Path(destination.address)))
