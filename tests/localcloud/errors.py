"""What goes wrong with the local cloud itself, told to the person who runs it."""

from __future__ import annotations

from typing import NamedTuple


class LocalCloudError(Exception):
    """What happened, why, and the command that mends it, as one text."""


class Missing(NamedTuple):
    """A part that this machine can't have: its name, why, and how to get it."""

    part: str
    why: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.part}: {self.why}; {self.remedy}"
