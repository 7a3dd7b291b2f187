"""``python -m tests.bench``: measure, write docs/benchmarks, exit 1 if a figure falls short."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tests.bench import agent, cloud, infra, protect, report

CALLED = {"agent": "agent", "cloud": "local cloud", "infra": "infrastructure program", "protect": "second copy"}

TOOLS = {
    "agent": ("curl", "curl"),
    "cloud": ("ssh-keygen", "openssh-client"),
    "infra": ("ssh-keygen", "openssh-client"),
    "protect": ("mkfs.xfs", "xfsprogs"),
}
"""What each needs beside zagent, and the package that has it."""


def main() -> int:
    """The exit code: 0 when every figure holds."""
    asked = _arguments()
    with tempfile.TemporaryDirectory(prefix="zagent-bench-", dir=asked.folder) as name:
        if asked.what == "agent":
            found = agent.measured(Path(name), asked.pairs, asked.shards, int(asked.gigabytes * 1e9))
        elif asked.what == "protect":
            found = protect.measured(Path(name), asked.pairs, asked.shards, int(asked.gigabytes * 1e9))
        elif asked.what == "infra":
            found = infra.measured(Path(name), asked.pairs)
        else:
            found = cloud.measured(Path(name), asked.pairs)
    report.write(asked.what, f"The {CALLED[asked.what]}'s speed", found)
    return 0 if all(one.holds for one in found) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument(
        "what",
        choices=CALLED,
        help="the agent, its second copy, the local cloud of the tests, or the infrastructure program",
    )
    parser.add_argument("--pairs", type=int, default=3, help="how often each pair is measured")
    parser.add_argument("--shards", type=int, default=3, help="agent, protect: files of the model")
    parser.add_argument("--gigabytes", type=float, default=2.0, help="agent, protect: size of each")
    parser.add_argument("--folder", type=Path, help="a folder on the disk to measure; else the temporary folder")
    asked = parser.parse_args()
    tool, package = TOOLS[asked.what]
    if not shutil.which(tool):
        parser.error(f"{tool} is not installed (apt-get install {package})")
    return asked


if __name__ == "__main__":
    sys.exit(main())
