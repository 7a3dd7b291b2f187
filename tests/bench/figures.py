"""The figures: each measures zagent and its yardstick in turn and says what was asked of it."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from zagent.weights.digest import cores
from zagent.weights.reading import read_from_disk

from tests.bench.process import ZAGENT, measure, paired, ratio
from tests.bench.repository import Bench

RATE = 250e6
"""Bytes per second to which the hub stand-in is capped."""

MEMORY_LIMIT = 200e6

TOLD = "told only"
"""What is wanted of a figure that depends on the machine alone."""


@dataclass(frozen=True)
class Figure:
    """One measured figure: what it is, its value, what was asked, and whether it holds."""

    name: str
    value: float
    unit: str
    wanted: str
    holds: bool
    detail: str


def start_up(pairs: int) -> list[Figure]:
    """``zagent --help`` beside an empty Python program."""
    helps, empties = paired(
        lambda: measure([*ZAGENT, "--help"]).seconds, lambda: measure([sys.executable, "-c", "pass"]).seconds, pairs
    )
    extra = median(one - two for one, two in zip(helps, empties, strict=True)) * 1000
    detail = f"{median(helps) * 1000:.0f} ms against {median(empties) * 1000:.0f} ms"
    return [Figure("zagent --help over python -c pass", extra, "ms more", "<= 150", extra <= 150, detail)]


def pull(bench: Bench, pairs: int) -> list[Figure]:
    """``zagent pull`` beside curl, from the same hub at the same cap, each onto the same disk."""
    memory: list[int] = []

    def zagent() -> float:
        bench.forget()
        run = measure([*ZAGENT, "pull"], bench.environ)
        memory.append(run.memory)
        return bench.size / run.seconds

    def curl() -> float:
        shutil.rmtree(bench.copies, ignore_errors=True)
        return bench.size / measure(bench.curl()).seconds

    ours, theirs = paired(zagent, curl, pairs)
    found = ratio(ours, theirs)
    detail = f"{_mb(median(ours))} against {_mb(median(theirs))}, hub capped at {_mb(RATE)}"
    return [
        Figure("zagent pull / curl", found, "times", ">= 0.9", found >= 0.9, detail),
        _memory("pull", memory, bench),
    ]


def verify(bench: Bench, pairs: int) -> list[Figure]:
    """``zagent verify`` beside the slower of reading the disk and hashing memory, all cores each."""
    memory: list[int] = []

    def zagent() -> float:
        run = measure([*ZAGENT, "verify"], bench.environ)
        memory.append(run.memory)
        return bench.size / run.seconds

    def bound() -> float:
        return min(_reading(bench.weights), _hashing())

    ours, bounds = paired(zagent, bound, pairs)
    found = ratio(ours, bounds)
    name = "zagent verify / slower of disk and hashlib"
    detail = f"{_mb(median(ours))} against {_mb(median(bounds))} on {cores()} cores, start-up included"
    return [Figure(name, found, "times", ">= 0.9", found >= 0.9, detail), _memory("verify", memory, bench)]


def _reading(files: list[Path]) -> float:
    """Bytes per second at which all cores together read the files from the disk, doing nothing else."""

    def drain(path: Path) -> int:
        return sum(len(chunk) for chunk in read_from_disk(path))

    began = time.perf_counter()
    with ThreadPoolExecutor(cores()) as pool:
        total = sum(pool.map(drain, files))
    return total / (time.perf_counter() - began)


def _hashing(size: int = 1 << 30) -> float:
    """Bytes per second at which hashlib hashes memory on all cores together."""
    block = memoryview(os.urandom(4 << 20))

    def work() -> None:
        digest = hashlib.sha256()
        for _ in range(size // len(block)):
            digest.update(block)

    threads = [threading.Thread(target=work) for _ in range(cores())]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return size * len(threads) / (time.perf_counter() - began)


def _memory(command: str, memory: list[int], bench: Bench) -> Figure:
    most = max(memory) / 1e6
    detail = f"most of {len(memory)} runs, files of up to {bench.largest / 1e9:.1f} GB"
    return Figure(f"memory of zagent {command}", most, "MB", "< 200", most < MEMORY_LIMIT / 1e6, detail)


def _mb(rate: float) -> str:
    return f"{rate / 1e6:.0f} MB/s"
