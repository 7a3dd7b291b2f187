"""A mirror: plain copies of the weights in a folder on another device, each proved while it was copied.

FOLDER/zagent-mirror.json              what makes it a mirror: a mount that is missing has none
FOLDER/models/OWNER--NAME/SET/…        one whole set of files, named by revision and digest; made as SET.partial
FOLDER/manifests/OWNER--NAME@REV.json  the set that is kept, written when it is whole
FOLDER/settings/                       the small files of the data root
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from shlex import quote

from zagent import durable, lock
from zagent.errors import DestinationMissing, DestinationRefused
from zagent.protect.engine import Entry
from zagent.volume import guard
from zagent.volume.layout import folder_name
from zagent.weights import manifest
from zagent.weights.manifest import Manifest
from zagent.weights.model import Model

SCHEMA = 1


@dataclass(frozen=True)
class Mirror:
    """The folder of a mirror."""

    folder: Path

    @property
    def marker(self) -> Path:
        """The file that says that this is a mirror."""
        return self.folder / "zagent-mirror.json"

    @property
    def settings(self) -> Path:
        """Copies of the data root's small files."""
        return self.folder / "settings"

    @property
    def manifests(self) -> Path:
        """One file per model and revision: the set that is kept."""
        return self.folder / "manifests"

    def manifest(self, wanted: Manifest) -> Path:
        """Where the manifest of a set is kept, by model and revision."""
        return self.manifests / f"{folder_name(wanted.model)}@{wanted.revision}.json"

    def sets(self, wanted: Manifest) -> Path:
        """Where all sets of a model lie."""
        return self.folder / "models" / folder_name(wanted.model)

    def files(self, wanted: Manifest) -> Path:
        """The folder of one set of files, under its final name."""
        return self.sets(wanted) / f"{wanted.revision}-{wanted.set_digest.removeprefix('sha256:')[:16]}"

    def require(self) -> None:
        """Make sure that the mirror is mounted.

        Raises:
            DestinationMissing: it is not, or this is no mirror.
        """
        try:
            known = json.loads(self.marker.read_bytes())["schema"] == SCHEMA
        except (FileNotFoundError, NotADirectoryError):
            why = "the folder has no zagent-mirror.json" if self.folder.is_dir() else "there is no such folder"
            hint = f"mount the disk that {self.folder} lies on, then run the same command again"
            raise DestinationMissing(target=self.folder, why=why, hint=hint) from None
        except (ValueError, TypeError, KeyError):
            known = False
        if not known:
            hint = "use the version of zagent that made it, or a newer one"
            raise DestinationMissing(target=self.folder, why=f"{self.marker.name} is not understood", hint=hint)

    @contextmanager
    def locked(self, doing: str) -> Iterator[None]:
        """Keep other writers out, be it on other machines.

        Raises:
            ModelBusy: there is one.
            OSError: the mirror takes no writes.
        """
        guard.probe(self.folder)
        with lock.held(self.folder / ".lock", str(self.folder), doing):
            yield


def make(folder: Path) -> Mirror:
    """Make ``folder`` a mirror, or find that it is one; its parent must exist.

    Raises:
        DestinationRefused: it holds something else.
    """
    made = Mirror(folder)
    if folder.exists() and not made.marker.exists() and any(folder.iterdir()):
        hint = f"zagent backup add NAME {quote(str(folder / 'zagent'))}"
        raise DestinationRefused(target=folder, why="it holds other files and is no mirror", hint=hint)
    durable.make_folder(folder)
    content = {"schema": SCHEMA, "created": datetime.now(timezone.utc).isoformat(timespec="seconds")}
    with suppress(FileExistsError):
        durable.write(made.marker, (json.dumps(content, indent=2) + "\n").encode(), replace=False)
    return made


def kept(mirror: Mirror) -> list[Manifest]:
    """The sets that the mirror says it holds, whole when they were written.

    Raises:
        ManifestDamaged: a manifest there can't be understood.
    """
    return [manifest.load(one) for one in sorted(mirror.manifests.glob("*.json"))]


def entry(mirror: Mirror, wanted: Manifest) -> Entry:
    """A set as `zagent backup ls` shows it; its time is that of its manifest."""
    at = datetime.fromtimestamp(mirror.manifest(wanted).stat().st_mtime, timezone.utc).replace(microsecond=0)
    sets = {Model(wanted.model, wanted.revision).words: wanted.set_digest}
    return Entry(mirror.files(wanted).name, at, sets, wanted.size, verified=True)
