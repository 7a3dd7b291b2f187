"""How long servers serve."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import HTTPServer
from typing import Any, Final

LOOK_SECONDS: Final = 1
"""How often it looks whether the engine is still there."""

POLL_SECONDS: Final = 0.02
"""How often a server looks whether to end; the library's half a second would be waited for by each test."""


@contextmanager
def answering(server: HTTPServer) -> Iterator[int]:
    """The port of a server that answers, in the background, for the length of the block, and is closed then."""
    threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def until_orphaned(server: Any, engine: int) -> None:
    """Return when the process ``engine``, which started this one, has ended or ``server`` was stopped.

    An engine that was killed interrupts nobody; its plug-ins would serve for ever.
    """
    while os.getppid() == engine and server.wait_for_termination(timeout=LOOK_SECONDS):
        pass


def end_with(parent: int) -> None:
    """End this process, in the background, when process ``parent``, which started it, has ended."""

    def wait() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_SECONDS)
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()
