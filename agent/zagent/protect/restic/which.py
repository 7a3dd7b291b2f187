"""Which snapshot of a repository is restored from, which newer one could be, and what its manifests say. Pure.

Several data roots may share a repository; ``own`` is the data id of the one that asks, empty where nothing tells it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from zagent import text
from zagent.errors import DestinationFailed, ManifestDamaged, NothingToRestore
from zagent.protect.engine import begins
from zagent.protect.restic import retention, tags
from zagent.protect.restic.named import Named
from zagent.protect.restic.retention import Snapshot
from zagent.weights import manifest
from zagent.weights.manifest import Manifest
from zagent.weights.model import Model

HINT = "zagent backup ls   shows the snapshots and their ids; zagent restore --snapshot ID   takes one"


def meant(found: Sequence[Snapshot], beginning: str, own: str, words: str, now: datetime) -> Snapshot:
    """The one whose id begins so, else the newest proved one; ``words`` are what people call the repository.

    It is another data root's only where there is none at all of ``own``: other people's files are nobody's here.

    Raises:
        NothingToRestore: there is none.
    """
    if not beginning:
        ours = of(found, own)
        if last := _newest_proved(ours or found, now):
            return last
        whose = " of this data root" if len(ours) < len(found) else ""
        raise NothingToRestore(what="weights", why=f"{words} has no proved snapshot{whose}", hint=HINT)
    try:
        id_ = begins((one.id for one in found), beginning)
    except LookupError as error:
        what, why = f"snapshot {beginning}", f"in {words} {error}"
        raise NothingToRestore(what=what, why=why, hint=HINT) from error
    return next(one for one in found if one.id == id_)


def holding(found: Iterable[Snapshot], wanted: Manifest, own: str, now: datetime) -> Snapshot | None:
    """The newest proved one that has this very set by its tags; another data root's where none of ``own`` has it.

    None where none has.
    """
    words = Model(wanted.model, wanted.revision).words
    having = [one for one in found if one.proved and tags.sets(one).get(words) == wanted.set_digest]
    return _newest_proved(of(having, own) or having, now)


def settled(found: Sequence[Snapshot], taken: Snapshot, own: str, now: datetime) -> Snapshot | None:
    """The one that has the settings where weights come from ``taken``; None where none of ``own`` is proved.

    Weights are the same whoever kept them; a list of users is not. Only where there is none of ``own`` is another's as
    good as any.
    """
    ours = of(found, own)
    return _newest_proved(ours, now) if ours and taken.host != own else taken


def whose(taken: Snapshot, own: str) -> str:
    """Whose that snapshot is and from when, where it is another data root's; else empty."""
    if taken.host == own:
        return ""
    beginning = f"the data root {taken.host[:8]}'s, as of {text.moment(taken.time)}"
    return f"{beginning}: no snapshot there is known to be this data root's"


def of(found: Iterable[Snapshot], own: str) -> list[Snapshot]:
    """Those that the data root ``own`` made."""
    return [one for one in found if own and one.host == own]


def _newest_proved(found: Iterable[Snapshot], now: datetime) -> Snapshot | None:
    return retention.newest((one for one in found if one.proved), now)


def unproved(found: Iterable[Snapshot], last: Snapshot, user: str, now: datetime) -> Snapshot | None:
    """The newest of the same data root that has the folder of ``user``, is newer than ``last`` and is not proved.

    As ``last`` is of the data root that asks wherever there is one of it, so is this.
    Of weights that are damaged night after night it says nothing good; people's files are in it as they were.
    """
    since = (one for one in found if one.host == last.host and last.time < one.time <= now and not one.proved)
    return max((one for one in since if Named(one.paths).home(user)), default=None)


def understood(content: bytes, path: str, id_: str, target: str) -> Manifest:
    """The manifest that lies under ``path`` in the snapshot ``id_`` of the repository ``target``.

    Raises:
        DestinationFailed: it can't be understood. Nothing on the data root mends that, but another snapshot may do.
    """
    try:
        return manifest.understood(content, Path(path), where=f"{path} of the snapshot {id_}")
    except ManifestDamaged as error:
        why = f"the manifest {error.facts['path']} can't be read: {error.facts['why']}"
        hint = "zagent restore --snapshot ID   takes another snapshot; zagent backup ls   shows their ids"
        raise DestinationFailed(target=target, why=why, hint=hint) from error
