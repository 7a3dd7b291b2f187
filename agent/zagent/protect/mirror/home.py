"""A mirror: plain copies of the weights in a folder on another device, each proved while it was copied.

FOLDER/zagent-mirror.json                     what makes it a mirror: a mount that is missing has none
FOLDER/models/OWNER--NAME/SET/…               one whole set of files, named by its digest; made as SET.partial
FOLDER/roots/DATA-ID/manifests/OWNER--NAME…   what one data root keeps here, written when the set is whole
FOLDER/roots/DATA-ID/settings/                its small files

Several data roots may share a mirror: equal sets are kept once, and nobody's is deleted while its manifest stands.
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
    def roots(self) -> Path:
        """One folder per data root that keeps something here."""
        return self.folder / "roots"

    def settings(self, data_id: str) -> Path:
        """Copies of a data root's small files."""
        return self.roots / data_id / "settings"

    def manifest(self, data_id: str, wanted: Manifest) -> Path:
        """Where it is noted that a data root keeps a set of a model and revision here."""
        return self.roots / data_id / "manifests" / f"{folder_name(wanted.model)}@{wanted.revision}.json"

    def sets(self, wanted: Manifest) -> Path:
        """Where all sets of a model lie."""
        return self.folder / "models" / folder_name(wanted.model)

    def files(self, wanted: Manifest) -> Path:
        """The folder of one set of files, under its final name."""
        return self.sets(wanted) / wanted.set_digest.removeprefix("sha256:")

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


def notes(mirror: Mirror) -> list[Path]:
    """The manifests of all data roots, newest first."""
    return sorted(mirror.roots.glob("*/manifests/*.json"), key=lambda one: -one.stat().st_mtime)


def kept(mirror: Mirror) -> list[Manifest]:
    """The sets that the mirror holds, whole when they were noted; newest first, none twice.

    Raises:
        ManifestDamaged: a manifest there can't be understood.
    """
    return list({one.set_digest: one for one in reversed(list(map(manifest.load, notes(mirror))))}.values())[::-1]


def entries(mirror: Mirror) -> list[Entry]:
    """What each data root keeps here, as `zagent backup ls` shows it; its time is that of the manifest.

    Raises:
        ManifestDamaged: a manifest there can't be understood.
    """
    return [_entry(path, manifest.load(path)) for path in reversed(notes(mirror))]


def _entry(note: Path, wanted: Manifest) -> Entry:
    at = datetime.fromtimestamp(note.stat().st_mtime, timezone.utc).replace(microsecond=0)
    sets = {Model(wanted.model, wanted.revision).words: wanted.set_digest}
    return Entry(note.parent.parent.name, at, sets, wanted.size, verified=True)
