"""Named points at which a crash would be most harmful.

Product code passes through them; the fault tests put a function of their own in the place of ``reached`` and kill
the process at each name in turn. Call it as ``points.reached("…")`` with a literal name, so that they find it.
"""

from __future__ import annotations


def reached(name: str) -> None:
    """Do nothing."""
