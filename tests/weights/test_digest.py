"""Hashing several files at a time, and ending it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from threading import Event

import pytest
from zagent.weights import digest
from zagent.weights.reading import BUFFER


def test_ctrl_c_does_not_wait_for_the_other_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hashing of a large file ends with the next piece, and the next call begins afresh."""
    monkeypatch.setattr(digest, "cores", lambda: 2)
    file, began, hashed = tmp_path / "large", Event(), []
    file.write_bytes(os.urandom(5 * BUFFER))

    def on_bytes(count: int) -> None:
        hashed.append(count)
        began.set()
        digest._given_up.wait(30)

    def work(path: Path | None) -> str:
        if path:
            return digest.sha256(path, on_bytes)
        began.wait(30)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        digest.in_parallel(work, [None, file])
    assert sum(hashed) < file.stat().st_size
    assert digest.in_parallel(digest.sha256, [file]) == [hashlib.sha256(file.read_bytes()).hexdigest()]
