"""Runs a policy pack for the language host, as long as that lives; the SDK's own runner does the work."""

from __future__ import annotations

import os
import runpy
import signal
from typing import Any

from tests.localcloud.serving import end_with


def exit_at_once(*_: Any) -> None:
    """End the process here and now: a pack has nothing to put away."""
    os._exit(0)


def main() -> None:
    """Serve the pack that the last argument names."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, exit_at_once)
    end_with(os.getppid())
    runpy.run_module("pulumi.policy", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
