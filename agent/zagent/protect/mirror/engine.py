"""A mirror as a destination: what `zagent backup`, its check and `zagent restore` ask of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from zagent.errors import DestinationFailed, EntryRefused
from zagent.protect.contents import Contents
from zagent.protect.engine import DOING, Bad, Entry, begins
from zagent.protect.mirror import check, home, keep
from zagent.protect.mirror.home import Mirror
from zagent.weights import copying
from zagent.weights.manifest import File, Manifest
from zagent.weights.model import Model
from zagent.weights.progress import Progress


@dataclass(frozen=True)
class MirrorEngine:
    """See Engine."""

    mirror: Mirror

    @property
    def words(self) -> str:
        """What people call it."""
        return f"the mirror {self.mirror.folder}"

    def make(self) -> None:
        """See Engine."""
        with self._told():
            home.make(self.mirror.folder)

    def keep(self, what: Contents, suspect: Bad, progress: Progress) -> int:
        """See Engine. People's folders change and are not in a mirror: they want a history, which restic has."""
        self.mirror.require()
        with self._told(), self.mirror.locked(DOING):
            copied = [
                keep.keep(self.mirror, what.data_id, one, suspect.get(one.model.words, ()), progress)
                for one in what.weights
            ]
            keep.keep_settings(self.mirror, what.data_id, what.settings)
        return sum(copied)

    def check(self, part: int | None, progress: Progress) -> Bad:
        """See Engine."""
        found = {one: check.part(one.files, part) if part is not None else one.files for one in self.sets()}
        size = sum(file.size for files in found.values() for file in files)
        progress.begin(size, size)
        bad = {one: check.check(self.mirror, one, files, progress.add) for one, files in found.items()}
        progress.end()
        return {
            Model(one.model, one.revision).words: tuple(file.path for file in files)
            for one, files in bad.items()
            if files
        }

    def entries(self) -> Sequence[Entry]:
        """See Engine: a mirror holds the last state of each data root."""
        self.mirror.require()
        return home.entries(self.mirror)

    def sets(self) -> Sequence[Manifest]:
        """See Source."""
        self.mirror.require()
        with self._told():
            return home.kept(self.mirror)

    def settings(self) -> dict[str, bytes]:
        """See Source: those of the data root that was here last."""
        with self._told():
            newest = home.notes(self.mirror)[:1]
            found = [path for note in newest for path in self.mirror.settings(note.parent.parent.name).glob("*.json")]
            return {one.name: one.read_bytes() for one in found}

    def fetch(self, wanted: Manifest, files: Sequence[File], folder: Path, progress: Progress) -> dict[str, str]:
        """See Source. A name is given only to bytes that are what ``wanted`` says."""
        return copying.copy_all(self.mirror.files(wanted), folder, files, progress.add)

    def forget(self, entry: str, own: str) -> str:
        """See Engine: what a data root keeps here; its sets go unless another keeps them, too."""
        self.mirror.require()
        with self._told(), self.mirror.locked(DOING):
            try:
                found = begins((one.id for one in home.entries(self.mirror)), entry)
            except LookupError as error:
                raise EntryRefused(entry=entry, destination=self.mirror.folder, why=error) from error
            if found == own:
                raise EntryRefused(entry=entry, destination=self.mirror.folder, why="it is this data root's own")
            keep.forget(self.mirror, found)
        return found

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What the operating system says of the destination, in its words."""
        try:
            yield
        except OSError as error:
            why = error.strerror or str(error)
            hint = f"df -h {self.mirror.folder}; dmesg   tell more; or add a second destination: zagent backup add"
            raise DestinationFailed(target=self.mirror.folder, why=why, hint=hint) from error
