"""The agent's figures, on a model of files that are large enough for the disk to show."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.bench import figures, repository
from tests.bench.figures import Figure
from tests.standin import Hub


def measured(work: Path, pairs: int, shards: int, size: int) -> list[Figure]:
    """All of them, in the folder ``work``; the model has ``shards`` files of ``size`` bytes."""
    found = figures.start_up(5 * pairs)
    repository.write(work / "repository", shards, size)
    with Hub(work / "repository", rate=figures.RATE) as hub:
        hub.hash_files()
        bench = repository.Bench(work, hub)
        bench.adopt()
        found += figures.pull(bench, pairs)
        shutil.rmtree(bench.copies)
        return found + figures.verify(bench, pairs)
