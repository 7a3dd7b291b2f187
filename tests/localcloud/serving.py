"""How long a plug-in serves."""

from __future__ import annotations

import os
from typing import Any, Final

LOOK_SECONDS: Final = 1
"""How often it looks whether the engine is still there."""


def until_orphaned(server: Any, engine: int) -> None:
    """Return when the process ``engine``, which started this one, has ended or ``server`` was stopped.

    An engine that was killed interrupts nobody; its plug-ins would serve for ever.
    """
    while os.getppid() == engine and server.wait_for_termination(timeout=LOOK_SECONDS):
        pass
