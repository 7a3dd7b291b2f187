"""``python -m tests.weights.child POINT N SIGNAL COMMAND…``: zagent, in a process that kills, or stops, itself at a
named point.

Without a point (``-``) it is zagent alone, under the environment that the caller gave it.
"""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def start(
    *arguments: str, point: str = "-", nth: int = 1, sends: signal.Signals = signal.SIGKILL
) -> subprocess.Popen[str]:
    """Run ``zagent`` with ``arguments`` beside this process; it dies when it passes ``point`` for the n-th time.

    With SIGSTOP for ``sends`` it stands still there instead.
    """
    command = [sys.executable, "-m", "tests.weights.child", point, str(nth), str(int(sends)), *arguments]
    tunables = {
        "MODELSCOPE_DOWNLOAD_MAX_RETRIES": "1",
        "MODELSCOPE_DOWNLOAD_TIMEOUT": "1",
        "MODELSCOPE_DOWNLOAD_RETRY_MAX_DELAY_SECONDS": "1",
    }
    environment = {**os.environ, **tunables, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, stdin=subprocess.DEVNULL, text=True)


def run(
    *arguments: str, point: str = "-", nth: int = 1, sends: signal.Signals = signal.SIGKILL
) -> subprocess.CompletedProcess[str]:
    """Like ``start``, and wait for its end."""
    child = start(*arguments, point=point, nth=nth, sends=sends)
    out, err = child.communicate(timeout=120)
    return subprocess.CompletedProcess(arguments, child.returncode, out, err)


def _armed(point: str, nth: int, sends: int) -> None:
    from zagent import points

    passed = itertools.count(1)

    def reached(name: str) -> None:
        if name == point and next(passed) == nth:
            os.kill(os.getpid(), sends)

    points.reached = reached


if __name__ == "__main__":
    from zagent.cli.commands import app

    _armed(sys.argv[1], *map(int, sys.argv[2:4]))
    app(sys.argv[4:], prog_name="zagent")
