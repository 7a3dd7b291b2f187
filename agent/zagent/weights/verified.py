"""The record of the last deep verify, so that doctor and the operator can see that it runs."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from zagent import durable
from zagent.volume import guard
from zagent.weights.manifest import Manifest
from zagent.weights.model import Model
from zagent.weights.store import Store
from zagent.weights.verify import Report

SCHEMA = 1


@dataclass(frozen=True)
class Verified:
    """How a deep verify of every file of a manifest ended; ``at`` is when it began, ``bad`` the paths of bad files.

    It began after the manifest was written, or it says nothing of the files that came with it.
    """

    model: str
    set_digest: str
    at: datetime
    ok: bool
    bad: tuple[str, ...] = ()


def of(wanted: Manifest, report: Report, began: datetime) -> Verified:
    """The record of a verify that read every byte; ``began`` has a time zone."""
    return Verified(wanted.model, wanted.set_digest, began, report.whole, tuple(one.path for one in report.bad))


def path(store: Store, model: Model) -> Path:
    """Where the record of ``model`` is kept; it has the name of its manifest."""
    return store.settings.layout.verified / store.manifest_path(model).name


def write(store: Store, model: Model, outcome: Verified) -> None:
    """Write durably, and only where a write is safe: hours may have passed since somebody looked.

    Raises:
        VolumeError: the data root is gone, or this user may not write there.
        OSError: nothing was changed.
    """
    layout = store.settings.layout
    guard.guard(layout.root, layout.verified)
    if not layout.verified.is_dir():
        _make(layout.verified, like=layout.manifests)
    content = {"schema": SCHEMA, **vars(outcome), "at": outcome.at.isoformat()}
    durable.write(path(store, model), (json.dumps(content, indent=2) + "\n").encode())


def _make(folder: Path, like: Path) -> None:
    """Root makes it for whoever keeps the manifests: the weekly verify runs as that user."""
    durable.make_folder(folder)
    if os.geteuid() == 0:
        owner = like.stat()
        os.chown(folder, owner.st_uid, owner.st_gid)


def read(path: Path) -> Verified | None:
    """The record in ``path``; None where there is none that this version understands."""
    try:
        return parse(path.read_bytes())
    except (OSError, ValueError, TypeError, KeyError):
        return None


def parse(content: bytes) -> Verified:
    """Understand a record's bytes; fields that a later version adds are passed over.

    Raises:
        ValueError, TypeError, KeyError: they are not one.
    """
    found = json.loads(content)
    at, ok, bad = datetime.fromisoformat(found["at"]), found["ok"], tuple(found["bad"])
    texts = (found["model"], found["set_digest"], *bad)
    if found["schema"] != SCHEMA or at.utcoffset() != timedelta(0) or not isinstance(ok, bool):
        raise ValueError("another schema, no time in UTC, or no outcome")
    if not all(isinstance(one, str) for one in texts):
        raise TypeError("a name or the digest is not text")
    return Verified(found["model"], found["set_digest"], at, ok, bad)
