"""Run the command of every fact in one round trip; print {name: [exit code, output]} as JSON.

Argument: JSON with ``device`` (a command whose output becomes $DEVICE), ``environment`` and ``commands``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

TIMED_OUT = 124
PATIENCE = 60


def run(command: str, environment: dict[str, str]) -> tuple[int, str]:
    """One command's exit code and what it printed."""
    try:
        done = subprocess.run(
            ["sh", "-c", command], env=environment, capture_output=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return TIMED_OUT, ""
    return done.returncode, done.stdout.decode("utf-8", "replace")


def main(asked: dict[str, Any]) -> None:
    """Run them all."""
    environment = {**os.environ, **asked["environment"]}
    environment["DEVICE"] = run(asked["device"], environment)[1].strip()
    print(json.dumps({name: run(command, environment) for name, command in asked["commands"].items()}))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
