"""A restic repository as a destination: what `zagent backup`, its check and `zagent restore` ask of it."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path

from zagent import durable, points
from zagent.errors import (
    DestinationFailed,
    EntryRefused,
    NothingToRestore,
    ResticError,
    SourceDamaged,
    SourceUnreadable,
)
from zagent.protect.contents import Contents, Weights
from zagent.protect.engine import PARTS, Bad, Entry, begins
from zagent.protect.restic import binary, password, repository, retention, tags
from zagent.protect.restic.binary import Binary
from zagent.protect.restic.named import Named
from zagent.protect.restic.prove import Prover
from zagent.protect.restic.repository import Node, Stored
from zagent.protect.restic.retention import PROVED, Snapshot
from zagent.protect.restic.run import Message, Restic
from zagent.volume import guard
from zagent.weights import digest, manifest
from zagent.weights.manifest import File, Manifest
from zagent.weights.progress import Progress

UNPROVED = "unproved"
"""The tag of a snapshot until its weights are compared with their manifests."""

REPOSITORY = "repository"
"""Under which name a check tells of bad packs: they belong to no one model."""

NAMED = 10
"""How many of the files that could not be read are named; below a mount that nobody reads there are thousands."""

STAGING = ".restoring"
"""The folder, within the one that is restored, in which files wait for their proof."""


class ResticEngine:
    """See Engine. ``snapshot`` is the beginning of the id of the one to restore from; else the newest proved one."""

    def __init__(self, address: str, password_file: Path, snapshot: str = "") -> None:
        self.address, self.password_file, self.wanted_snapshot = address, password_file, snapshot

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
        """See Engine; a password is made where there is none."""
        password.ensure(self.password_file)
        if not repository.exists(self.restic):
            repository.init(self.restic)

    def keep(self, what: Contents, suspect: Bad, progress: Progress) -> int:
        """See Engine: a new snapshot of the weights, the settings and everyone's folder.

        Until it is proved it is tagged as unproved. Where weights are damaged, or files could not be read, it stays
        so: nothing is taken for whole, or goes, for its sake, but everyone's other files have their copy.

        Raises:
            SourceDamaged: weights are not what their manifest says.
            SourceUnreadable: files could not be read; the snapshot holds all others.
        """
        if not self._takes_writes():  # restic would try for a quarter of an hour
            hint = f"mount -o remount,rw   the disk of {self.address}, if `dmesg` shows no disk error"
            raise DestinationFailed(target=self.address, why="it takes no writes", hint=hint)
        packs = list(suspect.get(REPOSITORY, ()))
        if packs:
            repository.repair(self.restic, packs)
        own = [one for one in repository.snapshots(self.restic) if one.host == what.data_id]
        last = retention.newest([one for one in own if one.proved], _now())
        about = tags.of(what)
        same = tags.same(last, about) and not packs
        with Prover(what) as prover:
            told = _Progress(progress, prover)
            paths = [*(one.folder for one in what.weights), *what.manifests, *what.settings, *what.people]
            # Compared with an unproved one, damage that it holds would pass for unchanged, and be vouched for unread.
            parent = last or retention.newest(own, _now())
            since, mark = parent.id if parent else "", [UNPROVED, *about]
            stored = repository.backup(self.restic, paths, what.data_id, mark, since, told.hears, force=bool(packs))
            points.reached("restic:stored")
            self._judge(stored, {} if same else prover.bad(last, what))
        repository.retag(self.restic, stored.id, [PROVED, *about])
        points.reached("restic:tagged")
        progress.end()
        return stored.added if any(not one.endswith("/") for one in stored.read) else 0

    def _judge(self, stored: Stored, bad: Mapping[str, tuple[Weights, str]]) -> None:
        """Make sure that what is stored is what its manifests say, and that nothing is left out."""
        if damaged := [path for path in bad if path not in stored.unread]:
            weights, why = bad[path := min(damaged)]
            others = f"everyone's other files are in the snapshot {stored.id[:8]}, which counts for no whole backup"
            raise SourceDamaged(model=weights.model.words, path=path, why=f"{why}; {others}")
        if stored.unread:
            named = ", ".join(stored.unread[:NAMED])
            more = f" and {len(stored.unread) - NAMED} more" if len(stored.unread) > NAMED else ""
            raise SourceUnreadable(what=f"the snapshot {stored.id[:8]}", why=named + more)
        points.reached("restic:proved")

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
        found = repository.snapshots(self.restic)
        hint = "zagent backup ls   shows the snapshots and their ids"
        if not self.wanted_snapshot:
            if last := retention.newest((one for one in found if one.proved), _now()):
                return last
            raise NothingToRestore(what="weights", why=f"{self.words} has no proved snapshot", hint=hint)
        try:
            id_ = begins((one.id for one in found), self.wanted_snapshot)
        except LookupError as error:
            what, why = f"snapshot {self.wanted_snapshot}", f"of those in {self.words} {error}"
            raise NothingToRestore(what=what, why=why, hint=hint) from error
        return next(one for one in found if one.id == id_)

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
        where = f"{path} of the snapshot {self.snapshot_id[:8]}"
        return manifest.understood(self.restic.dump(self.snapshot_id, path), Path(path), where=where)

    def settings(self) -> Mapping[str, bytes]:
        """See Source."""
        return {Path(one).name: self.restic.dump(self.snapshot_id, one) for one in self.named.settings}

    def fetch(self, wanted: Manifest, files: Sequence[File], folder: Path, progress: Progress) -> Mapping[str, str]:
        """See Source. Files wait for their proof in a folder beside, and only then get their names."""
        base, staging = self.named.weights(wanted), folder / STAGING
        if base is None:
            return {one.path: f"the snapshot {self.snapshot_id[:8]} has no such file" for one in files}
        left = _taken_over(staging, folder, base, files)
        told = _Progress(progress)
        failed = ""
        if left:
            try:
                paths = [str(base / one.path) for one in left]
                repository.restore(self.restic, self.snapshot_id, staging, paths, told.hears)
            except ResticError as error:
                failed = error.message
        points.reached("restore:staged")
        left = _taken_over(staging, folder, base, left)
        shutil.rmtree(staging, ignore_errors=True)
        return {one.path: failed or "what came is not what the manifest says" for one in left}


def _taken_over(staging: Path, folder: Path, base: Path, files: Sequence[File]) -> list[File]:
    """Give each file that waits and is proved its name; those that are not there then."""

    def take(file: File) -> bool:
        waits, target = staging / base.relative_to("/") / file.path, folder / file.path
        with suppress(OSError):
            if waits.stat().st_size == file.size and digest.sha256(waits) == file.sha256:
                durable.make_folder(target.parent)
                durable.sync_file(waits)
                waits.replace(target)
                durable.sync_folder(target.parent)
                return True
        return False

    done = digest.in_parallel(take, files)
    return [one for one, taken in zip(files, done, strict=True) if not taken]


def _now() -> datetime:
    """To the last digit: a snapshot that was made within this second lies behind it."""
    return datetime.now(timezone.utc)


class _Progress:
    """restic's messages as progress, and each file that it has read to whoever proves it."""

    def __init__(self, progress: Progress, prover: Prover | None = None) -> None:
        self._progress, self._prover, self._done, self._total = progress, prover, 0, 0

    def hears(self, told: Message) -> None:
        """A message of restic's."""
        kind = told.get("message_type")
        if kind == "status" and told.get("total_bytes"):
            if self._total != told["total_bytes"]:
                self._total = int(told["total_bytes"])
                self._progress.begin(self._total, self._total - self._done)
            done = int(told.get("bytes_done") or told.get("bytes_restored") or 0)
            self._progress.add(done - self._done)
            self._done = done
        if self._prover and kind == "verbose_status" and told.get("action") in ("new", "modified"):
            self._prover.hears(str(told["item"]))
