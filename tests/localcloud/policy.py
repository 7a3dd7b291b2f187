"""Runs a policy pack for the language host, as long as that lives; the SDK's own runner does the work."""

from __future__ import annotations

import os
import runpy
import signal
import threading
import time
from typing import Any

from tests.localcloud.serving import LOOK_SECONDS


def exit_at_once(*_: Any) -> None:
    """End the process here and now: a pack has nothing to put away."""
    os._exit(0)


def end_with(host: int) -> None:
    """End this process when the language host that started it, process ``host``, has ended."""
    while os.getppid() == host:
        time.sleep(LOOK_SECONDS)
    exit_at_once()


def main() -> None:
    """Serve the pack that the last argument names."""
    host = os.getppid()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, exit_at_once)
    threading.Thread(target=end_with, args=(host,), daemon=True).start()
    runpy.run_module("pulumi.policy", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
