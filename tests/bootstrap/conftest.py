"""A loop device with a serial number on this machine, taken away after each test."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.bootstrap import blank
from tests import loops
from tests.bootstrap.disk import Disk


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blkid is asked as often, but at once."""
    monkeypatch.setattr(blank, "PAUSE", 0.0)


@pytest.fixture
def disk() -> Iterator[Disk]:
    """A blank disk of this machine."""
    with loops.alone(), tempfile.TemporaryDirectory(prefix="zagent-test-") as name:
        made = Disk.attach(Path(name))
        try:
            yield made
        finally:
            made.close()
