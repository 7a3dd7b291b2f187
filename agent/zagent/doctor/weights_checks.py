"""Are the weights there, and is nothing of a dead download left?"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from zagent import text
from zagent.doctor.check import Check, Finding, ok, warning
from zagent.errors import WeightsDamaged
from zagent.settings import Settings
from zagent.volume import guard
from zagent.weights import leftovers, proof, variant
from zagent.weights.model import Model
from zagent.weights.store import Store
from zagent.weights.verify import verify

PROOF_LASTS = timedelta(days=8)
"""The weekly timer's week, and a day for a night on which the machine was off."""


def _partials(settings: Settings) -> Finding:
    guard.identify(settings.data_root)
    found = leftovers.leftovers(settings)
    if not found:
        return ok("no partial files")
    size = text.size(sum(one.stat().st_size for one in found))
    why = f"{text.plural(len(found), 'partial file')} of a download that did not end, {size}"
    return warning(why, "zagent pull   resumes them; zagent doctor --fix   deletes them")


def _manifest(settings: Settings) -> Finding:
    guard.identify(settings.data_root)
    found = Store(settings).present(Model())
    count = len(variant.unconfirmed(found))
    unconfirmed = f", {count} hashes unconfirmed by a hub" if count else ""
    return ok(f"{found.model} at {found.revision}, {text.size(found.size)}, {found.set_digest[:19]}…{unconfirmed}")


def _sizes(settings: Settings) -> Finding:
    guard.identify(settings.data_root)
    store = Store(settings)
    found = verify(store.snapshot(Model()), store.present(Model()), quick=True)
    extra = f"; not in the manifest: {', '.join(found.extra[:3])}" if found.extra else ""
    return ok(f"all {found.files} sizes right{extra}; `zagent verify` re-hashes them")


def _proof(settings: Settings) -> Finding:
    guard.identify(settings.data_root)
    store, model = Store(settings), Model()
    last = proof.last(store, model, store.recorded(model))
    if not last.ok:
        bad = f"{text.plural(len(last.bad), 'file')} bad: {', '.join(last.bad[:3])}"
        damaged = WeightsDamaged(model=model.words, why=bad)
        return warning(f"`zagent verify` of {text.moment(last.at)} found {bad}", damaged.advice)
    return _aged(last.at, "every byte was verified" if last.again else "every byte was hashed when the weights came")


def _aged(at: datetime, what: str) -> Finding:
    """A date that lies ahead is as little worth as an old one: some clock was wrong."""
    age = datetime.now(timezone.utc) - at
    line = f"{what}, {text.moment(at)}"
    if abs(age) <= PROOF_LASTS:
        return ok(line)
    return warning(f"{line}; never since", "zagent verify; then zagent schedule status   tells why no timer did it")


CHECKS = [
    Check("partial files", _partials),
    Check("manifest", _manifest),
    Check("sizes", _sizes),
    Check("deep verify", _proof),
]
