"""A restic repository as a destination: what `zagent backup`, its check and `zagent restore` ask of it."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path

from zagent import points
from zagent.errors import (
    DestinationFailed,
    DestinationMissing,
    EntryRefused,
    NothingToRestore,
    ResticError,
    ZagentError,
)
from zagent.protect.bad import REPOSITORY
from zagent.protect.contents import Contents
from zagent.protect.engine import PARTS, Bad, Entry, begins
from zagent.protect.restic import binary, password, prove, repository, retention, staging, tags, which
from zagent.protect.restic.binary import Binary
from zagent.protect.restic.heard import Heard
from zagent.protect.restic.named import Named
from zagent.protect.restic.prove import Prover
from zagent.protect.restic.repository import Node, Stored
from zagent.protect.restic.retention import PROVED, Snapshot
from zagent.protect.restic.run import Restic
from zagent.volume import guard
from zagent.weights.manifest import File, Manifest
from zagent.weights.progress import Progress

UNPROVED = "unproved"
"""The tag of a snapshot until its weights are compared with their manifests."""


class ResticEngine:
    """See Engine. ``snapshot`` is the beginning of the id of the one to restore from; else the newest proved one.

    ``own`` is the data id of the data root that asks, whose snapshots come first; empty where nothing tells it.
    """

    def __init__(self, address: str, password_file: Path, snapshot: str = "", own: str = "") -> None:
        self.address, self.password_file, self.wanted_snapshot, self.own = address, password_file, snapshot, own

    @property
    def words(self) -> str:
        """What people call it."""
        return f"the restic repository {self.address}"

    @cached_property
    def program(self) -> Binary:
        """The program.

        Raises:
            ResticUnavailable: there is none.
        """
        return binary.obtain()

    @cached_property
    def restic(self) -> Restic:
        """The program and this repository.

        Raises:
            ResticUnavailable, PasswordRefused: there is none, or no password.
        """
        password.require(self.password_file)
        return Restic(self.program.path, self.address, self.password_file)

    def make(self) -> None:
        """See Engine; a password is made where there is none, and goes again where no repository was made with it."""
        made = password.ensure(self.password_file)
        try:
            if not repository.exists(self.restic):
                repository.init(self.restic)
        except ZagentError:
            if made:
                self.password_file.unlink(missing_ok=True)
            raise

    def keep(self, what: Contents, suspect: Bad, progress: Progress, *, trusted: bool) -> int:
        """See Engine: a new snapshot of the weights, the settings and everyone's folder.

        Unless there is nothing to prove it is tagged as unproved until it is. Where weights are damaged, or files could
        not be read, it stays so: nothing is taken for whole, or goes, for its sake, but everyone's other files have
        their copy.

        Raises:
            SourceDamaged: weights are not what their manifest says.
            SourceUnreadable: files could not be read; the snapshot holds all others.
        """
        self._require_writes()
        packs = list(suspect.get(REPOSITORY, ()))
        if packs:
            repository.repair(self.restic, packs)
        own, about = self._own(what), tags.of(what)
        last = retention.newest([one for one in own if one.proved], _now())
        # Where all looks as in the proved one, and restic reads none of it, nothing is left to prove.
        sure = trusted and tags.same(last, about) and not packs
        # Compared with an unproved one, damage that it holds would pass for unchanged, and be vouched for unread.
        parent = last or retention.newest(own, _now())
        with Prover(what) as prover:
            mark = [PROVED if sure else UNPROVED, *about]
            stored = self._store(what, mark, parent, Heard(progress, prover), force=bool(packs))
            bad = prover.bad(vouched=sure and tags.of(what) == about)  # of what vanished meanwhile restic does not tell
        if sure and (bad or stored.unread):
            stored = self._disowned(stored, about, what, own)
        prove.judge(stored, bad)
        if not sure:
            repository.retag(self.restic, stored.id, [PROVED, *about])
        points.reached("restic:tagged")
        progress.end()
        return stored.added if any(not one.endswith("/") for one in stored.read) else 0

    def _require_writes(self) -> None:
        """Restic itself would try for a quarter of an hour."""
        if not self._takes_writes():
            hint = f"mount -o remount,rw   the disk of {self.address}, if `dmesg` shows no disk error"
            raise DestinationFailed(target=self.address, why="it takes no writes", hint=hint)

    def _own(self, what: Contents) -> list[Snapshot]:
        found = [] if repository.is_new(self.restic) else repository.snapshots(self.restic)
        return which.of(found, what.data_id)

    def _store(
        self, what: Contents, mark: Sequence[str], parent: Snapshot | None, told: Heard, *, force: bool
    ) -> Stored:
        paths = [*(one.folder for one in what.weights), *what.manifests, *what.settings, *what.people]
        since = parent.id if parent else ""
        stored = repository.backup(self.restic, paths, what.data_id, mark, since, told.hears, force=force)
        points.reached("restic:stored")
        return stored

    def _disowned(self, stored: Stored, about: Sequence[str], what: Contents, own: Sequence[Snapshot]) -> Stored:
        """It counts for none after all, and has another id then; ``own`` are all those from before.

        Where the repository does not take that now, as another one works there, what is wrong is told all the same;
        the next run trusts nothing of this one.
        """
        try:
            repository.retag(self.restic, stored.id, [UNPROVED, *about])
            made = {one.id for one in self._own(what) if not one.proved} - {one.id for one in own}
        except (ResticError, DestinationMissing):
            made = set()
        return replace(stored, id=made.pop()) if len(made) == 1 else stored

    def check(self, part: int | None, progress: Progress) -> Bad:
        """See Engine. Before that old snapshots go, and what only they needed."""
        writable = self._takes_writes()
        if writable:
            repository.unlock(self.restic)
            self._forget()
        progress.say(f"reading {'all' if part is None else f'part {part + 1} of {PARTS}'} of {self.address}")
        subset = "100%" if part is None else f"{part + 1}/{PARTS}"
        bad = repository.check(self.restic, subset, locked=writable)
        return {REPOSITORY: tuple(bad)} if bad else {}

    def still(self, suspect: Bad) -> Bad:
        """See Engine: packs are mended by a backup alone."""
        return suspect

    def _takes_writes(self) -> bool:
        """Whether a repository on this machine can be written; one elsewhere tells by itself."""
        if not self.address.startswith("/"):
            return True
        try:
            guard.probe(Path(self.address))
        except OSError as error:
            return error.errno != errno.EROFS
        return True

    def _forget(self) -> None:
        """Let old snapshots go, those of each data root by themselves.

        Safety contract: only snapshots with zagent's tag; only those that ``retention.forgotten`` names one by one,
        which are never the newest proved one of a data root; restic's own locks keep other writers out.
        """
        found = repository.snapshots(self.restic)
        hosts = {one.host for one in found}
        old = [one for host in hosts for one in retention.forgotten([s for s in found if s.host == host], _now())]
        if old:
            repository.forget(self.restic, [one.id for one in old])
            repository.prune(self.restic)

    def forget(self, entry: str, own: str) -> str:
        """See Engine; its bytes are freed by the next check."""
        found = repository.snapshots(self.restic)
        try:
            id_ = begins((one.id for one in found), entry)
        except LookupError as error:
            raise EntryRefused(entry=entry, destination=self.address, why=error) from error
        last = retention.newest((one for one in found if one.proved and one.host == own), _now())
        if last and last.id == id_:
            why = "it is the newest proved one of this data root"
            raise EntryRefused(entry=entry, destination=self.address, why=why)
        repository.forget(self.restic, [id_])
        return id_

    def entries(self) -> Sequence[Entry]:
        """See Engine."""
        found = repository.snapshots(self.restic)
        return [Entry(one.id[:8], one.time, tags.sets(one), tags.size(one), one.proved) for one in found]

    @property
    def snapshot_id(self) -> str:
        """The id of the snapshot that is restored from; see ``snapshot``."""
        return self.snapshot.id

    @cached_property
    def snapshot(self) -> Snapshot:
        """What is restored from.

        Raises:
            NothingToRestore: there is none.
        """
        return which.meant(self.snapshots, self.wanted_snapshot, self.own, self.words, _now())

    @cached_property
    def snapshots(self) -> list[Snapshot]:
        """All that zagent made, as they were when they were first asked for."""
        return repository.snapshots(self.restic)

    def holding(self, wanted: Manifest) -> ResticEngine | None:
        """See History; a snapshot that a person named is meant as it is."""
        found = None if self.wanted_snapshot else which.holding(self.snapshots, wanted, self.own, _now())
        return self._at(found) if found else None

    def _at(self, found: Snapshot) -> ResticEngine:
        """The same at a state that it may be at already, and that no person named."""
        with suppress(NothingToRestore):  # none of its own is proved; that of another is of use all the same
            if found == self.snapshot:
                return self
        state = ResticEngine(self.address, self.password_file, own=self.own)
        state.snapshots, state.snapshot = self.snapshots, found
        return state

    @cached_property
    def named(self) -> Named:
        """Where that lies in it which zagent named; what was gone at that moment is not there."""
        return Named({*self.snapshot.paths} & {one.path for one in self.nodes})

    @cached_property
    def nodes(self) -> list[Node]:
        """Everything in the snapshot that is restored from."""
        return repository.nodes(self.restic, self.snapshot_id)

    def sets(self) -> Sequence[Manifest]:
        """See Source."""
        return [self._manifest(one) for one in self.named.manifests]

    def _manifest(self, path: str) -> Manifest:
        return which.understood(self.restic.dump(self.snapshot_id, path), path, self.snapshot_id[:8], self.address)

    def settings(self) -> Mapping[str, bytes]:
        """See Source: those of the data root that asks, where there are any of it."""
        if not (state := self.settled):
            return {}
        return {Path(one).name: self.restic.dump(state.snapshot_id, one) for one in state.named.settings}

    @cached_property
    def settled(self) -> ResticEngine | None:
        """The state that has the settings; see ``which.settled``. One that a person named is meant as it is."""
        last = self.snapshot
        found = last if self.wanted_snapshot else which.settled(self.snapshots, last, self.own, _now())
        return self._at(found) if found else None

    def fetch(self, wanted: Manifest, files: Sequence[File], folder: Path, progress: Progress) -> Mapping[str, str]:
        """See Source. Files wait for their proof in a folder beside, and only then get their names."""
        base, waiting = self.named.weights(wanted), folder / staging.FOLDER
        if base is None:
            return {one.path: f"the snapshot {self.snapshot_id[:8]} has no such file" for one in files}
        left = staging.taken_over(waiting, folder, base, files)
        told = Heard(progress)
        failed = ""
        if left:
            try:
                paths = [str(base / one.path) for one in left]
                repository.restore(self.restic, self.snapshot_id, waiting, paths, told.hears)
            except ResticError as error:
                failed = error.message
        points.reached("restore:staged")
        left = staging.taken_over(waiting, folder, base, left)
        shutil.rmtree(waiting, ignore_errors=True)
        return {one.path: failed or "what came is not what the manifest says" for one in left}


def _now() -> datetime:
    """To the last digit: a snapshot that was made within this second lies behind it."""
    return datetime.now(timezone.utc)
