"""One thing that can go, or that only a person can judge."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from zagent.volume import space

Kind = Literal["partial file", "orphan", "compile cache", "half backup", "superseded", "no manifest"]
"""partial file: of a dead download, restore or backup; orphan: a file beside a model's that its manifest does not
name; compile cache: one that was not used for long; half backup: a set in a mirror that no manifest here asks for any
more; superseded: a float32 file whose converted one is proved and backed up; no manifest: a model that nothing
vouches for, which only a person can judge."""


@dataclass(frozen=True)
class Item:
    """A file or folder below ``base``, which is trusted; ``size`` in bytes on disk."""

    kind: Kind
    base: Path
    path: Path
    size: int


def item(kind: Kind, base: Path, path: Path) -> Item:
    """An item with the size that it has now."""
    return Item(kind, base, path, space.used(path))
