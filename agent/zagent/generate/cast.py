"""The cast of the engine, for whoever converts weights: torch is imported when it is asked for, not before."""

from __future__ import annotations

from collections.abc import Callable

from zagent.generate.session import unavailable


def bfloat16() -> Callable[[memoryview], memoryview]:
    """What turns float32 numbers into bfloat16, bytes to bytes.

    Raises:
        EngineUnavailable, RuntimeNeeded: torch is not here.
    """
    try:
        from zagent.generate import engine_cast
    except ImportError as error:
        raise unavailable(error) from error
    return engine_cast.bfloat16
