"""``zagent restore``: bring weights back from a copy; whatever is right already is left alone.

It can be cut off at any moment and run again: a name is given only to bytes that were proved against the manifest.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from zagent import durable, lock, points, text
from zagent.errors import (
    DestinationFailed,
    DestinationMissing,
    ManifestDamaged,
    NothingToRestore,
    OtherVersion,
    ResticError,
    RestoreIncomplete,
    ZagentError,
)
from zagent.protect import destinations
from zagent.protect.engine import Source
from zagent.protect.version import Search
from zagent.volume import space
from zagent.volume.layout import folder_name
from zagent.weights import copying, digest, manifest
from zagent.weights.manifest import File, Manifest
from zagent.weights.model import Model
from zagent.weights.progress import Progress
from zagent.weights.pull import prepare, publish, settle, withdraw
from zagent.weights.store import Store, held

DOING = "zagent restore"

PASSED_OVER = (DestinationFailed, DestinationMissing, ManifestDamaged, NothingToRestore, ResticError)
"""What a copy may be that is of no use; another may be."""


@dataclass(frozen=True)
class Goal:
    """Where weights come back to: the data root, or the folder ``to``, which is nobody's.

    Only where a person has ``named`` the copy may another version take the place of the recorded one.
    """

    store: Store
    to: Path | None = None
    named: bool = False

    def folder(self, model: Model) -> Path:
        """Where a model's files are to lie."""
        return self.to / folder_name(model.id) / model.revision if self.to else self.store.snapshot(model)

    def recorded(self, model: Model, say: Callable[[str], None] = lambda line: None) -> Manifest | None:
        """What should be there by the data root's own account, if it has one.

        Where that can't be read it is said, for another version may come then.
        """
        try:
            return None if self.to else self.store.find(model)
        except ManifestDamaged as error:
            what = "what that copy has" if self.named else "the newest version that a copy has"
            say(f"{error.message}; so nothing tells which version was here, and {what} comes")
            return None

    @contextmanager
    def held(self, model: Model) -> Iterator[None]:
        """Prove that the folder can be written, and keep others out.

        Raises:
            VolumeError: the data root does not take it.
            ModelBusy: something else changes it.
        """
        if self.to:
            yield
            return
        prepare(self.store, model)
        with lock.held(self.store.settings.layout.lock(model.id), model.id, DOING):
            yield


@dataclass(frozen=True)
class Job:
    """One set to bring back from one source: where to, and which of its files are missing or wrong there."""

    source: Source
    manifest: Manifest
    folder: Path
    lacking: tuple[File, ...]

    @property
    def model(self) -> Model:
        """Whose set it is."""
        return Model(self.manifest.model, self.manifest.revision)

    @property
    def size(self) -> int:
        """Bytes to fetch."""
        return sum(one.size for one in self.lacking)


def models(store: Store, sources: Sequence[Source]) -> list[Model]:
    """Every model that is recorded on the data root or held by a source.

    Raises:
        NothingToRestore: there is none.
        ProtectError: that of the first source that can't tell, where nothing else is known.
    """
    manifests, failed = store.settings.layout.manifests, []
    found = [one for path in sorted(manifests.glob("*.json")) if (one := _readable(path))]
    for source in sources:
        try:
            found += source.sets()
        except PASSED_OVER as error:
            failed.append(error)
    if names := sorted({(one.model, one.revision) for one in found}):
        return [Model(*one) for one in names]
    raise failed[0] if failed else _nothing("weights", sources)


def _readable(path: Path) -> Manifest | None:
    try:
        return manifest.load(path)
    except ManifestDamaged:
        return None


def restore(goal: Goal, sources: Sequence[Source], model: Model, progress: Progress) -> Job:
    """Bring a model back from the first source that has all of it whole; what was missing or wrong.

    Where something is recorded only that version is brought, from whichever source has it.

    Raises:
        NothingToRestore: no source holds it.
        OtherVersion: all that hold it hold other versions than the recorded one, which is not whole.
        VolumeError, NotEnoughSpace: there is no place for it.
        RestoreIncomplete: no source has a good copy of some file; all others are back.
    """
    with goal.held(model):
        return _first(goal, sources, model, progress, lambda found: _bring(goal, found, progress))


def look(goal: Goal, sources: Sequence[Source], model: Model, progress: Progress) -> Job:
    """What ``restore`` would begin with; nothing is changed.

    Raises:
        NothingToRestore, OtherVersion: as ``restore``.
    """
    return _first(goal, sources, model, progress, lambda found: found)


def _first(goal: Goal, sources: Sequence[Source], model: Model, progress: Progress, act: Callable[[Job], Job]) -> Job:
    search, failed = Search(model, goal.recorded(model, progress.say), exact=not goal.named), list[ZagentError]()
    for source in sources:
        try:
            if found := search.ask(source, progress):
                return act(job(goal, *found, progress))
        except (*PASSED_OVER, RestoreIncomplete) as error:
            if source is not sources[-1]:  # the last one's is raised; a copy that is bad is told though another helps
                progress.say(error.message)
            failed.append(error)
    if grave := [one for one in failed if goal.named or not isinstance(one, NothingToRestore)]:
        raise grave[-1]
    if search.answered and (whole := _whole(goal, search, progress)):
        return whole
    raise _other(search) or (failed[-1] if failed else _nothing(model.words, sources))


def _whole(goal: Goal, search: Search, progress: Progress) -> Job | None:
    """Nothing to do, since what is recorded is right as it is; None where it is not."""
    wanted, folder = search.wanted, goal.folder(search.model)
    if wanted is None or any(held(folder / one.path) != one.size for one in wanted.files):
        return None
    found = job(goal, search.answered[0], wanted, progress)
    return None if found.lacking else found


def _other(search: Search) -> OtherVersion | None:
    if not (search.other and search.wanted):
        return None
    copies = ", ".join(one.words for one in search.other)
    return OtherVersion(model=search.model.words, recorded=search.wanted.set_digest, copies=copies)


def _nothing(what: str, sources: Sequence[Source]) -> NothingToRestore:
    asked = ", ".join(one.words for one in sources)
    why = f"{asked} has none" if asked else "no backup destination is known"
    hint = (
        "zagent restore --from PATH   where PATH is a copy; on AWS `zagent cloud snapshot ls` and `restore` on the "
        "operator's machine; else zagent pull"
    )
    return NothingToRestore(what=what, why=why, hint=hint)


def job(goal: Goal, source: Source, wanted: Manifest, progress: Progress) -> Job:
    """What is to be fetched from ``source``. Every file that is there with the right size is hashed."""
    folder = goal.folder(Model(wanted.model, wanted.revision))
    here = [one for one in wanted.files if held(folder / one.path) == one.size]
    if here:
        progress.say(f"checking {text.size(sum(one.size for one in here))} that are here")
    hashes = digest.in_parallel(lambda one: digest.sha256_or_none(folder / one.path), here)
    right = {one.path for one, found in zip(here, hashes, strict=True) if found == one.sha256}
    return Job(source, wanted, folder, tuple(one for one in wanted.files if one.path not in right))


def _bring(goal: Goal, found: Job, progress: Progress) -> Job:
    points.reached("restore:planned")
    durable.make_folder(found.folder)
    copying.sweep(found.folder)
    space.require(found.folder, found.size)
    if not goal.to and goal.recorded(found.model) != found.manifest:
        withdraw(goal.store, found.model)
    _fetch(found, progress)
    if not goal.to:
        publish(goal.store, found.manifest)
        path = goal.store.manifest_path(found.model)
        _give_back(goal.store, [path, *_up_to(goal.store.cache, found.folder), *found.folder.rglob("*")])
    points.reached("restore:manifest-written")
    return found


def _up_to(top: Path, folder: Path) -> list[Path]:
    return [one for one in (folder, *folder.parents) if top in (one, *one.parents)]


def _give_back(store: Store, paths: Iterable[Path]) -> None:
    """What root made belongs to whoever keeps the manifests, who pulls and repairs; links are not followed."""
    owner = store.settings.layout.manifests.stat()
    for path in paths if os.geteuid() == 0 != owner.st_uid else ():
        if path.lstat().st_uid == 0:
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _fetch(found: Job, progress: Progress) -> None:
    progress.begin(found.manifest.size, found.size)
    failed = found.source.fetch(found.manifest, found.lacking, found.folder, progress) if found.lacking else {}
    points.reached("restore:fetched")
    settle(found.folder, [one for one in found.manifest.files if one.path not in failed])
    if failed:
        path, why = min(failed.items())
        more = f"; and {text.plural(len(failed) - 1, 'file')} more" if len(failed) > 1 else ""
        raise RestoreIncomplete(model=found.model.words, source=found.source.words, path=path, why=why + more)
    progress.end()


def settings(store: Store, source: Source) -> list[str]:
    """Bring back the small files that are missing on the data root; their names. What is there is never replaced.

    The marker is this data root's own and none of them.
    """
    layout = store.settings.layout
    targets = {one.name: one for one in (layout.users, destinations.path(layout))}
    found = {targets[name]: content for name, content in source.settings().items() if name in targets}
    missing = {path: content for path, content in found.items() if not path.exists()}
    for path, content in missing.items():
        durable.make_folder(path.parent)
        durable.write(path, content)
    return [path.name for path in missing]
