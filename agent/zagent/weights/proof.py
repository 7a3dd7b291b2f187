"""When a model's bytes were last proved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone

from zagent.weights import verified
from zagent.weights.manifest import Manifest
from zagent.weights.model import Model
from zagent.weights.store import Store


@dataclass(frozen=True)
class Proof:
    """The last time when every byte was hashed; ``again`` if that was after the weights came; how it ended."""

    at: datetime
    again: bool = False
    ok: bool = True
    bad: tuple[str, ...] = ()


def last(store: Store, model: Model, wanted: Manifest) -> Proof:
    """What proved ``wanted``, the manifest of ``model``, last: whoever wrote it had hashed every byte, too."""
    record = verified.read(verified.path(store, model))
    written = datetime.fromtimestamp(store.manifest_path(model).stat().st_mtime, timezone.utc)
    if record is None or record.set_digest != wanted.set_digest or record.at < written:
        return Proof(written)
    return Proof(record.at, True, record.ok, record.bad)
