"""Ctrl-C, remembered: a library that is being loaded may take it for a broken installation and say so instead."""

from __future__ import annotations

from types import FrameType

_heard = False


def handle(number: int, frame: FrameType | None) -> None:
    """What SIGINT calls: raise KeyboardInterrupt, as Python does.

    Raises:
        KeyboardInterrupt: always.
    """
    global _heard
    _heard = True
    raise KeyboardInterrupt


def heard() -> bool:
    """Whether a person pressed Ctrl-C, whatever became of it."""
    return _heard
