"""A mirror: plain copies of the weights in a folder on another device, each proved while it was copied.

FOLDER/zagent-mirror.json                     what makes it a mirror: a mount that is missing has none
FOLDER/models/OWNER--NAME/SET/…               one whole set of files, named by its digest; made as SET.partial
FOLDER/roots/DATA-ID/manifests/OWNER--NAME…   what one data root keeps here, written when the set is whole
FOLDER/roots/DATA-ID/begun/OWNER--NAME…       what it is bringing here, from before the first byte until it is whole
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
from zagent.errors import DestinationFailed, DestinationMissing, DestinationRefused
from zagent.volume import guard
from zagent.volume.layout import folder_name
from zagent.weights.manifest import Manifest

SCHEMA = 1

PARTIAL = ".partial"
"""How the name of a set ends that is being made."""


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

    def begun(self, data_id: str, wanted: Manifest) -> Path:
        """Where it is noted that a data root is bringing a set here: nobody else's to delete, half as it is."""
        return self.roots / data_id / "begun" / self.manifest(data_id, wanted).name

    @property
    def models(self) -> Path:
        """One folder per model, which holds its sets."""
        return self.folder / "models"

    def sets(self, wanted: Manifest) -> Path:
        """Where all sets of a model lie."""
        return self.models / folder_name(wanted.model)

    def files(self, wanted: Manifest) -> Path:
        """The folder of one set of files, under its final name."""
        return self.sets(wanted) / wanted.set_digest.removeprefix("sha256:")

    def half(self, wanted: Manifest) -> Path:
        """The folder of one set of files until it is whole."""
        return self.files(wanted).with_name(self.files(wanted).name + PARTIAL)

    def require(self) -> None:
        """Make sure that the mirror is mounted.

        Raises:
            DestinationMissing: it is not, or this is no mirror.
            DestinationFailed: its disk does not answer as it should.
        """
        with self.told():
            self._require()

    def _require(self) -> None:
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
    def told(self) -> Iterator[None]:
        """What the operating system says of the mirror, as an error of the mirror: another copy may be good.

        Raises:
            DestinationFailed: it does not read, or takes no writes.
        """
        try:
            yield
        except OSError as error:
            why = error.strerror or str(error)
            hint = f"df -h {quote(str(self.folder))}; dmesg   tell more; or add a second destination: zagent backup add"
            raise DestinationFailed(target=self.folder, why=why, hint=hint) from error

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
    """Make ``folder`` a mirror, or find that it is one; its parent must exist. A try that was cut off is gone on with.

    Raises:
        DestinationRefused: it holds something else.
    """
    made = Mirror(folder)
    others = (one for one in folder.iterdir() if not durable.is_leftover(one)) if folder.exists() else ()
    if not made.marker.exists() and any(others):
        hint = f"zagent backup add NAME {quote(str(folder / 'zagent'))}"
        raise DestinationRefused(target=folder, why="it holds other files and is no mirror", hint=hint)
    durable.make_folder(folder)
    content = {"schema": SCHEMA, "created": datetime.now(timezone.utc).isoformat(timespec="seconds")}
    with suppress(FileExistsError):
        durable.write(made.marker, (json.dumps(content, indent=2) + "\n").encode(), replace=False)
    return made
