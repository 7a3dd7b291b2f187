"""A volume's disk, looked into on this machine while no other has it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import loops


@contextmanager
def mounted(disk: Path, base: Path) -> Iterator[Path]:
    """The folder below ``base`` at which it is mounted, for the length of the block."""
    folder = base / "mounted"
    folder.mkdir()
    with loops.alone():
        subprocess.run(["mount", "-o", "loop", disk, folder], check=True)
        try:
            yield folder
        finally:
            subprocess.run(["umount", folder], check=True)
