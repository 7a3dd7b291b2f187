"""Run the command of every fact in one round trip; print {name: [exit code, output]} as JSON.

Argument: JSON with ``device`` (a command whose output becomes $DEVICE), ``environment``, ``commands``, ``patience``
(the seconds for those commands that may take longer than others), and ``notice`` (what people are told where it does).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

TIMED_OUT = 124
PATIENCE = 60
SILENCE = 30
"""Seconds that nobody minds."""


def run(command: str, environment: dict[str, str], patience: float = PATIENCE) -> tuple[int, str]:
    """One command's exit code and what it printed."""
    out, err, words = subprocess.PIPE, subprocess.DEVNULL, ["sh", "-c", command]
    with subprocess.Popen(words, stdout=out, stderr=err, env=environment, start_new_session=True) as process:
        try:
            printed = process.communicate(timeout=patience)[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # with all that it began, or they would be waited for
            return TIMED_OUT, ""
    return process.returncode, printed.decode("utf-8", "replace")


def main(asked: dict[str, Any]) -> None:
    """Run them all."""
    environment = {**os.environ, **asked["environment"]}
    environment["DEVICE"] = run(asked["device"], environment)[1].strip()
    longer = asked["patience"]
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # none changes anything, so none has to wait for another
        begun = {
            name: pool.submit(run, one, environment, longer.get(name, PATIENCE))
            for name, one in asked["commands"].items()
        }
        if wait(begun.values(), SILENCE).not_done:
            print(asked["notice"], file=sys.stderr, flush=True)
    print(json.dumps({name: one.result() for name, one in begun.items()}))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
