"""A mirror as a destination: what `zagent backup`, its check and `zagent restore` ask of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from zagent.errors import EntryRefused, SourceDamaged
from zagent.protect.bad import key
from zagent.protect.contents import Contents
from zagent.protect.engine import DOING, Bad, Entry, begins
from zagent.protect.mirror import check, home, keep, notes
from zagent.protect.mirror.home import Mirror
from zagent.weights import copying
from zagent.weights.manifest import File, Manifest
from zagent.weights.progress import Progress


@dataclass(frozen=True)
class MirrorEngine:
    """See Engine. ``own`` is the data id of the data root that asks, empty where it has none."""

    mirror: Mirror
    own: str = ""

    @property
    def words(self) -> str:
        """What people call it, and what there can't be read: a set may be there though nobody can tell."""
        with suppress(OSError):
            if lines := [one.line for one in notes.unreadable(notes.kept(self.mirror))]:
                return f"the mirror {self.mirror.folder} ({'; '.join(lines)})"
        return f"the mirror {self.mirror.folder}"

    def make(self) -> None:
        """See Engine."""
        with self.mirror.told():
            home.make(self.mirror.folder)

    def keep(self, what: Contents, suspect: Bad, progress: Progress, *, trusted: bool) -> int:
        """See Engine. People's folders change and are not in a mirror: they want a history, which restic has.

        A model that is damaged keeps no other from being copied. Nothing has a name here that was not proved, however
        the last run ended.
        """
        self.mirror.require()
        copied, damaged = 0, list[SourceDamaged]()
        with self.mirror.told(), self.mirror.locked(DOING):
            for one in what.weights:
                try:
                    copied += keep.keep(self.mirror, what.data_id, one, suspect.get(key(one.manifest), ()), progress)
                except SourceDamaged as error:
                    damaged.append(error)
            keep.keep_settings(self.mirror, what.data_id, what.settings)
        for more in damaged[1:]:
            progress.say(more.message)
        if damaged:
            raise damaged[0]
        return copied

    def check(self, part: int | None, progress: Progress) -> Bad:
        """See Engine. Every data root's sets are read; one of which nobody can tell what it is of is named."""
        self.mirror.require()
        with self.mirror.told():
            kept = notes.kept(self.mirror)
            for note in notes.unreadable(kept):
                progress.say(f"not checked, for {note.line}; {note.hint}")
            whole = {key(one): one for one in notes.readable(kept)}
            found = {
                name: check.part(one.files, part) if part is not None else one.files for name, one in whole.items()
            }
            size = sum(file.size for files in found.values() for file in files)
            progress.begin(size, size)
            bad = [check.check(self.mirror, one, found[name], progress.add) for name, one in whole.items()]
            progress.end()
            return self._held(bad)

    def still(self, suspect: Bad) -> Bad:
        """See Engine: whoever keeps it has perhaps mended it, or given it up, so it is read again."""
        self.mirror.require()
        with self.mirror.told():
            kept = notes.kept(self.mirror)
            known = {key(one): one for one in notes.readable(kept) if key(one) in suspect}
            found = {name: [file for file in one.files if file.path in suspect[name]] for name, one in known.items()}
            again = self._held([check.check(self.mirror, known[name], files) for name, files in found.items()])
            untold = suspect if notes.unreadable(kept) else {}
            return {**{name: paths for name, paths in untold.items() if name not in known}, **again}

    def _held(self, found: Sequence[Bad]) -> Bad:
        """Without the sets that a backup gave up meanwhile: a check takes no lock, for a mirror may take no writes."""
        there = {key(one) for one in notes.readable(notes.kept(self.mirror))}
        return {name: paths for one in found for name, paths in one.items() if name in there}

    def entries(self) -> Sequence[Entry]:
        """See Engine: a mirror holds the last state of each data root, and what it was bringing when it died."""
        self.mirror.require()
        with self.mirror.told():
            return notes.entries(self.mirror)

    def sets(self) -> Sequence[Manifest]:
        """See Source; a note that can't be read keeps no other from being of use."""
        self.mirror.require()
        with self.mirror.told():
            return notes.sets(self.mirror)

    def settings(self) -> dict[str, bytes]:
        """See Source: those of the data root that asks, else of the one that was here last."""
        with self.mirror.told():
            there = [one.data_id for one in notes.kept(self.mirror)]
            ids = [self.own] if self.own in there else there[:1]
            found = [path for one in ids for path in self.mirror.settings(one).glob("*.json")]
            return {one.name: one.read_bytes() for one in found}

    def fetch(self, wanted: Manifest, files: Sequence[File], folder: Path, progress: Progress) -> dict[str, str]:
        """See Source. A name is given only to bytes that are what ``wanted`` says."""
        return copying.copy_all(self.mirror.files(wanted), folder, files, progress.add)

    def forget(self, entry: str, own: str) -> str:
        """See Engine: what a data root keeps here; its sets go unless another keeps them, too."""
        self.mirror.require()
        with self.mirror.told(), self.mirror.locked(DOING):
            try:
                found = begins((one.id for one in notes.entries(self.mirror)), entry)
            except LookupError as error:
                raise EntryRefused(entry=entry, destination=self.mirror.folder, why=error) from error
            if found == own:
                raise EntryRefused(entry=entry, destination=self.mirror.folder, why="it is this data root's own")
            keep.forget(self.mirror, found)
        return found
