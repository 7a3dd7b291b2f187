"""What several tests of pure code share."""

from __future__ import annotations

from pathlib import Path

import pytest
from zagent.volume import disk, marker


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A data root on this machine's own filesystem, adopted as one on the system disk."""
    folder = tmp_path / "data"
    folder.mkdir()
    marker.write(folder, marker.new("system-disk", "ext4", disk.filesystem_uuid(folder)))
    return folder
