"""Are the weights there, and is nothing of a dead download left?"""

from __future__ import annotations

import re
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from pathlib import Path

from zagent import durable, lock, text
from zagent.doctor.check import Check, Finding, ok, warning
from zagent.errors import VolumeFull
from zagent.settings import Settings
from zagent.volume import guard
from zagent.volume.layout import Layout, folder_name
from zagent.weights import verified
from zagent.weights.model import DEFAULT_MODEL, Model
from zagent.weights.store import Store
from zagent.weights.verify import verify

_LEFT = re.compile(r"\.(json|jinja|txt|safetensors)(\.incomplete|\.parallel_tmp|_\d+_\d+)$")
"""How names end that the hub's library leaves when it is killed, also while it fetches one file in parts."""

PROOF_LASTS = timedelta(days=8)
"""The weekly timer's week, and a day for a night on which the machine was off."""


def is_partial(path: Path) -> bool:
    """Whether ``path`` is what a dead download or a dead writer left."""
    return durable.is_leftover(path) or bool(_LEFT.search(path.name))


def _partials(settings: Settings) -> Finding:
    guard.identify(settings.data_root)
    found = leftovers(settings)
    if not found:
        return ok("no partial files")
    size = text.size(sum(one.stat().st_size for one in found))
    why = f"{text.plural(len(found), 'partial file')} of a download that did not end, {size}"
    return warning(why, "zagent pull   resumes them; zagent doctor --fix   deletes them")


def leftovers(settings: Settings) -> list[Path]:
    """Every partial file in zagent's own folder and the cache's."""
    store = Store(settings)
    return _partials_below(settings.layout.own, *(store.cache / "models" / name for name in _models(store)))


def _partials_below(*folders: Path) -> list[Path]:
    found = (path for folder in folders for path in sorted(folder.rglob("*")))
    return [path for path in found if is_partial(path) and path.is_file() and not path.is_symlink()]


def sweep(settings: Settings) -> list[Path]:
    """Delete the partial files; returns what went.

    Safety contract: only below a proved data root; only files with names that a dead download or writer leaves; and
    only while this process holds the lock of every model in the cache, so that no living pull loses its own.

    Raises:
        VolumeError: the data root is not proved, or takes no writes.
        CacheElsewhere: the cache is not on the data root.
        ModelBusy: a pull is running, of whichever model.
    """
    layout, store = settings.layout, Store(settings)
    guard.identify(layout.root)
    store.require_on_data_root()
    _guard(layout, store)
    durable.make_folder(layout.locks)
    with ExitStack() as locks:
        names = _models(store)
        for name in names:
            locks.enter_context(lock.held(layout.lock(name), name.replace("--", "/", 1), "zagent doctor --fix"))
        found = _partials_below(layout.own, *(store.cache / "models" / name for name in names))  # not of a newer pull
        for path in found:
            path.unlink(missing_ok=True)
    return found


def _guard(layout: Layout, store: Store) -> None:
    """A full disk is no reason to refuse, if a pull was here before: freeing it is what helps then."""
    try:
        guard.guard(layout.root, layout.locks, store.cache)
    except VolumeFull:
        if not layout.locks.is_dir():
            raise


def _models(store: Store) -> list[str]:
    """The folder names of all models in the cache, that of the usual one always among them."""
    folders = (store.cache / "models").glob("*")
    return sorted({folder_name(DEFAULT_MODEL), *(one.name for one in folders if one.is_dir())})


def _manifest(settings: Settings) -> Finding:
    found = Store(settings).present(Model())
    unconfirmed = f", {len(found.unconfirmed)} hashes unconfirmed by a hub" if found.unconfirmed else ""
    return ok(f"{found.model} at {found.revision}, {text.size(found.size)}, {found.set_digest[:19]}…{unconfirmed}")


def _sizes(settings: Settings) -> Finding:
    store = Store(settings)
    found = verify(store.snapshot(Model()), store.present(Model()), quick=True)
    extra = f"; not in the manifest: {', '.join(found.extra[:3])}" if found.extra else ""
    return ok(f"all {found.files} sizes right{extra}; `zagent verify` re-hashes them")


def _proof(settings: Settings) -> Finding:
    """Writing a manifest is a proof, too: before it every byte was hashed. Whichever came last counts."""
    store, model = Store(settings), Model()
    wanted, record = store.recorded(model), verified.read(verified.path(store, model))
    written = datetime.fromtimestamp(store.manifest_path(model).stat().st_mtime, timezone.utc)
    if record is None or record.set_digest != wanted.set_digest or record.at < written:
        return _aged(written, "every byte was hashed when the weights came")
    if not record.ok:
        bad = f"{text.plural(len(record.bad), 'file')} bad: {', '.join(record.bad[:3])}"
        return warning(f"`zagent verify` of {record.at:%Y-%m-%d %H:%M} UTC found {bad}", "zagent pull --repair")
    return _aged(record.at, "every byte was verified")


def _aged(at: datetime, what: str) -> Finding:
    """A date that lies ahead is as little worth as an old one: some clock was wrong."""
    age = datetime.now(timezone.utc) - at
    line = f"{what}, {at:%Y-%m-%d %H:%M} UTC"
    if abs(age) <= PROOF_LASTS:
        return ok(line)
    return warning(f"{line}; never since", "zagent verify; then zagent schedule status   tells why no timer did it")


CHECKS = [
    Check("partial files", _partials),
    Check("manifest", _manifest),
    Check("sizes", _sizes),
    Check("deep verify", _proof),
]
