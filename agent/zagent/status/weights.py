"""The weights: are they there, and when was every byte proved?"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from zagent import text
from zagent.doctor.check import Finding, broken, ok, warning
from zagent.doctor.weights_checks import PROOF_LASTS
from zagent.errors import ModelMissing, WeightsDamaged, ZagentError
from zagent.status.row import Row, ago, seconds
from zagent.weights import manifest, proof
from zagent.weights.manifest import Manifest
from zagent.weights.model import Model
from zagent.weights.proof import Proof
from zagent.weights.store import Store


def weights(store: Store, now: datetime) -> list[Row]:
    """A row for each model that a manifest vouches for; sizes are compared, nothing is read."""
    paths = sorted(store.settings.layout.manifests.glob("*.json"))
    if not paths:
        missing = ModelMissing(model=Model().words, why="no finished download or adoption is recorded")
        return [Row("weights", broken(missing))]
    return [_row(store, path, now) for path in paths]


def _row(store: Store, path: Path, now: datetime) -> Row:
    try:
        wanted = manifest.load(path)
        return _told(store, wanted, Model(wanted.model, wanted.revision), now)
    except ZagentError as error:
        return Row("weights", broken(error), {"manifest": path})


def _told(store: Store, wanted: Manifest, model: Model, now: datetime) -> Row:
    last = proof.last(store, model, wanted)
    facts = {
        "model": model.id,
        "revision": model.revision,
        "size": wanted.size,
        "set_digest": wanted.set_digest,
        "verified_seconds_ago": seconds(last.at, now),
        "verified_since_they_came": last.again,
        "verify_ok": last.ok,
    }
    try:
        store.present(model)
    except ZagentError as error:
        return Row("weights", broken(error), facts)
    return Row("weights", judge(wanted, model, last, now), facts)


def judge(wanted: Manifest, model: Model, last: Proof, now: datetime) -> Finding:
    """What to think of weights whose sizes are right. Pure."""
    if not last.ok:
        why = f"the last deep verify, {ago(last.at, now)}, found {text.plural(len(last.bad), 'bad file')}"
        return broken(WeightsDamaged(model=model.words, why=f"{why}: {', '.join(last.bad[:3])}"))
    what = "verified" if last.again else "hashed as they came,"
    line = f"{model.words}: {text.size(wanted.size)}, {wanted.set_digest[:19]}…, {what} {ago(last.at, now)}"
    return ok(line) if abs(now - last.at) <= PROOF_LASTS else warning(line, "zagent verify")
