"""Are the weights proved? By a record that is young, green, and of these very weights."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
from zagent.weights import manifest
from zagent.weights.manifest import File
from zagent.weights.model import Model

from infra.operations.proof import judge

NOW = datetime(2026, 9, 20, 3, 0, tzinfo=timezone.utc)
WANTED = manifest.make(Model().id, "master", None, "http://hub", [File("a.safetensors", 5, "0" * 64, True)])
TEXT = manifest.dump(WANTED).decode()


def record(**changed: object) -> str:
    """What a green deep verify an hour ago left."""
    made = {"schema": 1, "model": WANTED.model, "set_digest": WANTED.set_digest, "ok": True, "bad": []}
    return json.dumps({**made, "at": (NOW - timedelta(hours=1)).isoformat(), **changed})


def test_proved() -> None:
    """The digest is the manifest's."""
    assert judge(NOW, TEXT, record()) == (WANTED.set_digest, "")


@pytest.mark.parametrize(
    ("recorded", "proved", "why"),
    [
        (None, record(), "no weights were pulled"),
        ("{}", record(), "the record of the weights can't be read"),
        (TEXT, "{", "the record of the weights can't be read"),
        (TEXT, None, "the weights were never verified"),
        (TEXT, record(set_digest="other"), "other weights were verified last"),
        (TEXT, record(ok=False, bad=["a.safetensors"]), "1 file was found bad: a.safetensors"),
        (TEXT, record(at=(NOW - timedelta(hours=25)).isoformat()), "the last verify was on 2026-09-19 02:00 UTC"),
        (TEXT, record(at=(NOW + timedelta(days=900)).isoformat()), "the last verify was on 2029-03-08 03:00 UTC"),
    ],
    ids=["nothing", "manifest", "record", "never", "others", "bad", "old", "a clock that was set back"],
)
def test_not_proved(recorded: str | None, proved: str | None, why: str) -> None:
    """Each for its reason."""
    assert judge(NOW, recorded, proved)[1] == why
