"""Run the commands of all facts in one round trip; print [exit code, output] of each in their order, as JSON.

Argument: JSON with ``device`` (a command whose output becomes $DEVICE, and its seconds), ``environment``, ``commands``
(each with the seconds that it may take), and ``notice`` (what people are told where one takes long).
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
SILENCE = 30
"""Seconds that nobody minds."""


def run(command: str, environment: dict[str, str], patience: float) -> tuple[int, str]:
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
    device, patience = asked["device"]
    environment["DEVICE"] = run(device, environment, patience)[1].strip()
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # none changes anything, so none has to wait for another
        begun = [pool.submit(run, one, environment, patience) for one, patience in asked["commands"].items()]
        if wait(begun, SILENCE).not_done:
            print(asked["notice"], file=sys.stderr, flush=True)
    print(json.dumps([one.result() for one in begun]))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
