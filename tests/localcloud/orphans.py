"""What becomes of a process whose starter is killed, for tests."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.localcloud.process import Process
from tests.localcloud.waiting import until


def ends_with_its_starter(command: Sequence[str], folder: Path | None = None) -> None:
    """Start a server by a shell, kill the shell once the server has printed its port, and wait until it has ended.

    Raises:
        TimeoutError: it lives on.
    """
    script = f"{shlex.join(command)} & echo $!; wait"
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, text=True, cwd=folder) as starter:
        assert starter.stdout is not None
        server = Process.of(int(starter.stdout.readline()))
        assert starter.stdout.readline(), "its port"
        starter.kill()
        until(lambda: not server.alive())
