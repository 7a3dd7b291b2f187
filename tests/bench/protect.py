"""Backup and restore beside cp, rsync, the guide's tar, and bare restic: two disks, weights-like data."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from zagent.settings import load
from zagent.volume import disk, marker
from zagent.weights.model import Model
from zagent.weights.store import Store

from tests import loops
from tests.bench.figures import TOLD, Figure
from tests.bench.process import ZAGENT, Run, measure, ratio
from tests.bench.repository import write
from tests.filesystems.disks import Bench, run
from tests.protect import campaign

MEMORY_LIMIT = 300e6

LIVES = 200


@dataclass(frozen=True)
class Disks:
    """The weights on the disk ``root``; copies go to the disk ``other``."""

    root: Path
    other: Path

    @property
    def snapshot(self) -> Path:
        """The folder of the weights."""
        return Store(load(self.root, environ={}, folder=self.root)).snapshot(Model())

    @property
    def size(self) -> int:
        """Their bytes."""
        return sum(one.stat().st_size for one in self.snapshot.rglob("*") if one.is_file())

    def timed(self, command: Sequence[str | Path]) -> Run:
        """Run a command from cold caches until all it wrote is on the disk."""
        run("sync")
        Path("/proc/sys/vm/drop_caches").write_text("3")
        done = measure([*map(str, command)], {**os.environ, "ZAGENT_DATA_ROOT": str(self.root)})
        began = time.perf_counter()
        run("sync", "-f", self.other)
        run("sync", "-f", self.root)
        return Run(done.seconds + time.perf_counter() - began, done.memory)

    def zagent(self, *words: str) -> Run:
        """Run zagent likewise; what it wrote it has synced itself."""
        return self.timed([*ZAGENT, *words])


def measured(work: Path, pairs: int, shards: int, size: int) -> list[Figure]:
    """All of them, on two new disks in files in ``work``."""
    base, images = work / "base", work / "images"
    base.mkdir()
    images.mkdir()
    with loops.alone():
        bench = Bench(base, images)
        try:
            room = f"{(shards * size * 3 >> 30) + 2}G"
            disks = Disks(bench.disk("xfs", room).folder, bench.disk("xfs", room).folder)
            _weights(disks, work / "source", shards, size)
            figures = [*_mirror(disks, pairs), *_guide(disks), *_restore(disks, pairs), *_restic(disks, pairs)]
            return [*figures, _lives(bench.memory("8m"))]
        finally:
            bench.close()


def _weights(disks: Disks, source: Path, shards: int, size: int) -> None:
    write(source, shards, 0)
    run(sys.executable, "-m", "tests.bench.like_weights", source, str(size))
    marker.write(disks.root, marker.new("data-disk", "xfs", disk.filesystem_uuid(disks.root)))
    run(*ZAGENT, "--data-root", disks.root, "weights", "adopt", source)
    shutil.rmtree(source)


def _mirror(disks: Disks, pairs: int) -> list[Figure]:
    """First backups and unchanged ones; both disks share one real disk."""
    copy, mirror = disks.other / "cp", disks.other / "zagent"
    ours: list[Run] = []
    theirs: list[Run] = []
    for _ in range(pairs):
        _clear(copy, mirror)
        theirs.append(disks.timed(["cp", "-r", disks.snapshot, copy]))
        _clear(copy)
        run(*ZAGENT, "--data-root", disks.root, "backup", "add", "disk2", mirror, "--same-device")
        ours.append(disks.zagent("backup"))
    again = [disks.zagent("backup").seconds for _ in range(pairs)]
    found = ratio([one.seconds for one in theirs], [one.seconds for one in ours])
    memory = max(one.memory for one in ours) / 1e6
    return [
        Figure(
            "first backup to a second disk / cp", found, "times", ">= 0.8", found >= 0.8, _speeds(disks, ours, theirs)
        ),
        Figure(
            "backup where nothing changed", max(again), "s", "< 2", max(again) < 2, f"most of {pairs} runs, cold caches"
        ),
        Figure("memory of zagent backup", memory, "MB", "< 300", memory * 1e6 < MEMORY_LIMIT, f"most of {pairs} runs"),
    ]


def _guide(disks: Disks) -> list[Figure]:
    """What the guide does every night, and rsync: once each, as they take minutes."""
    archive, copy, mirror = disks.other / "model_cache.tar.gz", disks.other / "rsync", disks.other / "zagent"
    _clear(mirror)
    run(*ZAGENT, "--data-root", disks.root, "backup", "add", "disk2", mirror, "--same-device")
    ours = disks.zagent("backup").seconds
    _clear(mirror)
    found = disks.timed(["tar", "-czf", archive, "-C", disks.snapshot, "."]).seconds / ours
    stored = archive.stat().st_size / disks.size
    _clear(archive)
    detail = (
        f"{_rate(disks.size, ours)} against {_rate(disks.size, found * ours)}; the archive is {stored:.0%} as large"
    )
    figures = [Figure("first backup / tar -czf of the guide", found, "times", ">= 10", found >= 10, detail)]
    if shutil.which("rsync"):
        theirs = disks.timed(["rsync", "-a", "--checksum", f"{disks.snapshot}/", copy]).seconds
        _clear(copy)
        detail = f"{_rate(disks.size, ours)} against {_rate(disks.size, theirs)}"
        figures.append(Figure("first backup / rsync -a --checksum", theirs / ours, "times", TOLD, True, detail))
    run(*ZAGENT, "--data-root", disks.root, "backup", "add", "disk2", mirror, "--same-device")
    run(*ZAGENT, "--data-root", disks.root, "backup")
    return figures


def _restore(disks: Disks, pairs: int) -> list[Figure]:
    """Everything back, each byte proved, beside cp that proves nothing."""
    copy, ours, theirs = disks.root / "cp", [], []
    (kept,) = (disks.other / "zagent" / "models").glob("*/*")
    for _ in range(pairs):
        _clear(disks.snapshot)
        theirs.append(disks.timed(["cp", "-r", kept, copy]))
        _clear(copy)
        ours.append(disks.zagent("restore"))
    found = ratio([one.seconds for one in theirs], [one.seconds for one in ours])
    memory = max(one.memory for one in ours) / 1e6
    detail = _speeds(disks, ours, theirs)
    return [
        Figure("restore, proved / cp", found, "times", ">= 0.8", found >= 0.8, detail),
        Figure("memory of zagent restore", memory, "MB", "< 300", memory * 1e6 < MEMORY_LIMIT, f"most of {pairs} runs"),
    ]


def _restic(disks: Disks, pairs: int) -> list[Figure]:
    """A first backup and an unchanged one into a repository, beside restic alone."""
    if not shutil.which("restic"):
        return []
    ours, theirs, again = [], [], []
    repository, bare, key = disks.other / "ours", disks.other / "bare", disks.other / "password"
    key.write_text("secret\n")
    plain = ["restic", "--repo", str(bare), "--password-file", str(key), "--quiet"]
    stored = ["--compression", "off", "--pack-size", "64"]
    run(*ZAGENT, "--data-root", disks.root, "backup", "remove", "disk2")
    _clear(disks.other / "zagent")
    for _ in range(pairs):
        _clear(bare, repository)
        run(*plain, "init", "--repository-version", "2")
        theirs.append(disks.timed([*plain, *stored, "backup", str(disks.snapshot)]))
        _clear(bare)
        target = f"restic:{repository}"
        run(*ZAGENT, "--data-root", disks.root, "backup", "add", "archive", target, "--same-device")
        ours.append(disks.zagent("backup"))
        again.append(disks.zagent("backup").seconds)
    found = ratio([one.seconds for one in theirs], [one.seconds for one in ours])
    version = run("restic", "version").split()[1]
    detail = f"{_speeds(disks, ours, theirs)}, restic {version}"
    most = f"most of {pairs} runs, cold caches"
    return [
        Figure("first backup to a restic repository / restic", found, "times", ">= 0.9", found >= 0.9, detail),
        Figure("the same where nothing changed", max(again), "s", "< 2", max(again) < 2, most),
    ]


def _lives(work: Path) -> Figure:
    """Random lives of a data root, as in tests/protect/campaign.py."""
    for seed in range(LIVES):
        campaign.live(work, 1000 + seed, 10)
    detail = "10 operations each; seeds from 1000"
    return Figure("random lives that never lost the last whole copy", LIVES, "lives", f"{LIVES}", True, detail)


def _clear(*paths: Path) -> None:
    for one in paths:
        shutil.rmtree(one) if one.is_dir() else one.unlink(missing_ok=True)


def _speeds(disks: Disks, ours: list[Run], theirs: list[Run]) -> str:
    both = [median(one.seconds for one in runs) for runs in (ours, theirs)]
    return " against ".join(_rate(disks.size, seconds) for seconds in both)


def _rate(size: int, seconds: float) -> str:
    return f"{size / seconds / 1e6:.0f} MB/s"
