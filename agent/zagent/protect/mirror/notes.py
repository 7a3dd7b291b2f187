"""What is noted in a mirror: which data root keeps which set there, and which it is bringing.

A note that can't be read says nothing of the sets: they may be whole, and those of all other notes are what they were.
Only what deletes must know all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from shlex import quote

from zagent.errors import DestinationFailed, ManifestDamaged
from zagent.protect.engine import Entry
from zagent.protect.mirror.home import Mirror
from zagent.weights import manifest
from zagent.weights.manifest import Manifest
from zagent.weights.model import Model


@dataclass(frozen=True)
class Note:
    """One of them; where it can't be read ``manifest`` is None, and ``why`` says why.

    ``at`` is when it was written, long ago where even that is not known.
    """

    path: Path
    at: datetime
    manifest: Manifest | None
    why: str = ""

    @property
    def data_id(self) -> str:
        """Whose it is."""
        return self.path.parent.parent.name

    @property
    def model_folder(self) -> str:
        """The name of the folder of its model's sets, known from its own name alone."""
        return self.path.stem.rpartition("@")[0]

    @property
    def line(self) -> str:
        """What is wrong with it, in words."""
        return f"the note {self.path} can't be read: {self.why}"

    @property
    def hint(self) -> str:
        """What mends it. Without it the set would be nobody's, and go: deleting the note is the last resort."""
        mends = f"zagent backup   on the data root {self.data_id} writes it anew"
        return f"{mends}; if that is no more: rm {quote(str(self.path))}"


def kept(mirror: Mirror) -> list[Note]:
    """What all data roots keep: sets that were whole when they were noted; newest first."""
    return _below(mirror, "manifests")


def begun(mirror: Mirror) -> list[Note]:
    """What all data roots are bringing, or were when they died; newest first."""
    return _below(mirror, "begun")


def _below(mirror: Mirror, folder: str) -> list[Note]:
    return sorted(map(_read, mirror.roots.glob(f"*/{folder}/*.json")), key=lambda one: one.at, reverse=True)


def _read(path: Path) -> Note:
    at = datetime.fromtimestamp(0, timezone.utc)
    try:
        at = datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
        return Note(path, at, manifest.load(path))
    except ManifestDamaged as error:
        return Note(path, at, None, str(error.facts["why"]))
    except OSError as error:
        return Note(path, at, None, error.strerror or str(error))


def readable(found: Iterable[Note]) -> list[Manifest]:
    """The sets of those that can be read, none twice for one model and revision."""
    known = [one.manifest for one in found if one.manifest]
    return list({(one.model, one.revision, one.set_digest): one for one in known}.values())


def unreadable(found: Iterable[Note]) -> list[Note]:
    """Those that can't."""
    return [one for one in found if one.manifest is None]


def sets(mirror: Mirror) -> list[Manifest]:
    """The sets that the mirror holds, newest first, as far as its notes can be read.

    Raises:
        DestinationFailed: there are notes, but none that can be read.
    """
    found = kept(mirror)
    if found and not (known := readable(found)):
        raise DestinationFailed(target=mirror.folder, why=found[0].line, hint=found[0].hint)
    return known if found else []


def named(mirror: Mirror, *, but: str = "") -> Collection[str] | None:
    """The names of all sets that a data root keeps or is bringing; None where a note can't be read.

    What the data root ``but`` is bringing does not count.
    """
    found = [*kept(mirror), *(one for one in begun(mirror) if one.data_id != but)]
    return None if unreadable(found) else {mirror.files(one).name for one in readable(found)}


def entries(mirror: Mirror) -> list[Entry]:
    """What each data root keeps here, and what it has begun to bring, as `zagent backup ls` shows it; oldest first."""
    halves = [one for one in begun(mirror) if one.manifest and mirror.half(one.manifest).is_dir()]
    return [_entry(one, verified=one not in halves) for one in sorted([*kept(mirror), *halves], key=lambda one: one.at)]


def _entry(note: Note, *, verified: bool) -> Entry:
    found = note.manifest
    if found is None:
        return Entry(note.data_id, None, {}, 0, verified=False, why=note.line)
    sets = {Model(found.model, found.revision).words: found.set_digest}
    return Entry(note.data_id, note.at.replace(microsecond=0), sets, found.size, verified)
