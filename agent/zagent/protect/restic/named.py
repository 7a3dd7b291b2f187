"""Where things lie in a snapshot, by the paths that zagent named when it made it. Pure.

What people keep in their folders may be called anything, a manifest or a list of users too: that a path ends like one
of zagent's own proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from zagent.protect import destinations
from zagent.volume.layout import Layout, folder_name
from zagent.weights.manifest import Manifest


class Named:
    """The ``paths`` of one snapshot, each as restic tells it: absolute."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = frozenset(map(Path, paths))

    @cached_property
    def layout(self) -> Layout | None:
        """The data root that it was made from, by its marker, which every backup names; None where it is not told."""
        found = [layout for one in self._paths if (layout := Layout(one.parent.parent)).marker == one]
        return found[0] if len(found) == 1 else None

    @property
    def manifests(self) -> list[str]:
        """What must be there, one for each model."""
        return self._within(self.layout.manifests) if self.layout else []

    @property
    def settings(self) -> list[str]:
        """The small files that may come back; the marker is each data root's own."""
        known = (self.layout.users, destinations.path(self.layout)) if self.layout else ()
        return [str(one) for one in known if one in self._paths]

    def home(self, user: str) -> str | None:
        """A user's folder; None where it was not stored."""
        home = self.layout.home(user) if self.layout else None
        return str(home) if home in self._paths else None

    def weights(self, wanted: Manifest) -> Path | None:
        """The folder of a model's files; None where it was not stored. The cache may lie anywhere."""
        end = f"/models/{folder_name(wanted.model)}/snapshots/{wanted.revision}"
        return next((one for one in self._paths if str(one).endswith(end)), None)

    def _within(self, folder: Path) -> list[str]:
        return sorted(str(one) for one in self._paths if one.parent == folder)
