"""Are the weights there, and is nothing of a dead download left?"""

from __future__ import annotations

import re
from pathlib import Path

from zagent import durable, lock, text
from zagent.doctor.check import Check, Finding, ok, warning
from zagent.settings import Settings
from zagent.volume import guard
from zagent.weights.model import Model
from zagent.weights.pull import PARTIAL
from zagent.weights.store import Store
from zagent.weights.verify import verify

_PART = re.compile(r"_\d+_\d+$|\.parallel_tmp$")
"""Names of the ranges that the hub's library leaves when it is killed while it fetches one file in parts."""


def is_partial(path: Path) -> bool:
    """Whether ``path`` is what a dead download or a dead writer left."""
    return path.name.endswith(PARTIAL) or bool(_PART.search(path.name)) or durable.is_leftover(path)


def _partials(settings: Settings) -> Finding:
    guard.identify(settings.data_root)
    found = [one for one in leftovers(settings) if one.is_file()]
    if not found:
        return ok("no partial files")
    size = text.size(sum(one.stat().st_size for one in found))
    why = f"{text.plural(len(found), 'partial file')} of a download that did not end, {size}"
    return warning(why, "zagent pull   resumes them; zagent doctor --fix   deletes them")


def leftovers(settings: Settings) -> list[Path]:
    """Every partial file in zagent's own folder and the cache's."""
    folders = (settings.layout.own, Store(settings).cache / "models")
    return [path for folder in folders for path in sorted(folder.rglob("*")) if is_partial(path)]


def sweep(settings: Settings) -> list[Path]:
    """Delete the partial files; returns what went.

    Safety contract: only below a proved data root; only names that a dead download or writer leaves; and only while
    this process holds the model's lock, so that no living download loses its own.

    Raises:
        VolumeError: the data root is not proved, or takes no writes.
        ModelBusy: a download is running.
    """
    layout, model = settings.layout, Model()
    Store(settings).require_on_data_root()
    guard.guard(layout.root, layout.locks, Store(settings).cache)
    durable.make_folder(layout.locks)
    with lock.held(layout.lock(model.id), model.id, "zagent doctor --fix"):
        found = [one for one in leftovers(settings) if one.is_file()]
        for path in found:
            path.unlink(missing_ok=True)
    return found


def _manifest(settings: Settings) -> Finding:
    found = Store(settings).present(Model())
    unconfirmed = f", {len(found.unconfirmed)} hashes unconfirmed by a hub" if found.unconfirmed else ""
    return ok(f"{found.model} at {found.revision}, {text.size(found.size)}, {found.set_digest[:19]}…{unconfirmed}")


def _sizes(settings: Settings) -> Finding:
    store = Store(settings)
    found = verify(store.snapshot(Model()), store.present(Model()), quick=True)
    extra = f"; not in the manifest: {', '.join(found.extra[:3])}" if found.extra else ""
    return ok(f"all {found.files} sizes right{extra}; `zagent verify` re-hashes them")


CHECKS = [Check("partial files", _partials), Check("manifest", _manifest), Check("sizes", _sizes)]
