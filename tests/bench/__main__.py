"""``python -m tests.bench``: measure, write docs/benchmarks/agent.json and agent.md, exit 1 if a figure falls short."""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import sys
import tempfile
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

from zagent import __version__
from zagent.weights.digest import cores

import tests
from tests.bench import figures, repository
from tests.bench.figures import Figure
from tests.standin import Hub

RESULTS = Path(tests.__file__).parent.parent / "docs" / "benchmarks"


def main() -> int:
    """The exit code: 0 when every figure holds."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--pairs", type=int, default=3, help="how often each pair is measured")
    parser.add_argument("--shards", type=int, default=3, help="files of the model")
    parser.add_argument("--gigabytes", type=float, default=2.0, help="size of each")
    parser.add_argument("--folder", type=Path, help="a folder on the disk to measure; else the temporary folder")
    asked = parser.parse_args()
    if not shutil.which("curl"):
        parser.error("curl is not installed (apt-get install curl)")
    found = _measure(asked.pairs, asked.shards, int(asked.gigabytes * 1e9), asked.folder)
    _write(found)
    return 0 if all(one.holds for one in found) else 1


def _measure(pairs: int, shards: int, size: int, folder: Path | None) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="zagent-bench-", dir=folder) as name:
        work = Path(name)
        found = figures.start_up(5 * pairs)
        repository.write(work / "repository", shards, size)
        with Hub(work / "repository", rate=figures.RATE) as hub:
            hub.hash_files()
            bench = repository.Bench(work, hub)
            bench.adopt()
            found += figures.pull(bench, pairs)
            shutil.rmtree(bench.copies)
            return found + figures.verify(bench, pairs)


def _write(found: list[Figure]) -> None:
    machine = {
        "date": datetime.now(timezone.utc).date().isoformat(),
        "zagent": __version__,
        "python": platform.python_version(),
        "kernel": platform.release(),
        "cores": cores(),
    }
    content = {"machine": machine, "figures": [asdict(one) for one in found]}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "agent.json").write_text(json.dumps(content, indent=2) + "\n")
    (RESULTS / "agent.md").write_text(_page(machine, found))
    print("\n".join(f"{one.name}: {one.value:.2f} {one.unit} (wanted {one.wanted}); {one.detail}" for one in found))


def _page(machine: dict[str, object], found: list[Figure]) -> str:
    told = ", ".join(f"{name} {value}" for name, value in machine.items())
    head = ["# The agent's speed", "", f"Made by `scripts/bench` ({told}).", "Medians of pairs measured in turn.", ""]
    table = ["| figure | measured | wanted | holds | detail |", "|---|---:|---|---|---|"]
    rows = [_row(one) for one in found]
    return "\n".join([*head, *table, *rows]) + "\n"


def _row(one: Figure) -> str:
    holds = "yes" if one.holds else "**no**"
    return f"| {one.name} | {one.value:.2f} {one.unit} | {one.wanted} | {holds} | {one.detail} |"


if __name__ == "__main__":
    sys.exit(main())
