"""The bench of filesystems, cleared away after each test."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import loops
from tests.filesystems.disks import Bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Makes filesystems, in a folder that every user can look into."""
    with loops.alone(), tempfile.TemporaryDirectory(prefix="zagent-test-") as name:
        base, images = Path(name) / "base", Path(name) / "images"
        for folder in (base.parent, base, images):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o755)
        made = Bench(base, images)
        try:
            yield made
        finally:
            made.close()
