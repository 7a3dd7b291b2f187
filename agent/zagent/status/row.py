"""One line of the status: what was found, and the figures behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from zagent import text
from zagent.doctor.check import Finding

Section = Literal["data root", "weights", "backup", "people", "timer", "space"]


A_MOMENT = timedelta(minutes=1)
"""By so much clocks of one machine and its disks may differ."""


@dataclass(frozen=True)
class Row:
    """A finding in its section; ``facts`` are for programs."""

    section: Section
    finding: Finding
    facts: Mapping[str, object] = field(default_factory=dict)


def ago(at: datetime, now: datetime) -> str:
    """The age of something, or its date where that lies ahead: some clock was wrong."""
    if at - now > A_MOMENT:
        return f"dated {text.moment(at)}, which is to come"
    hours = max(0.0, (now - at).total_seconds()) / 3600
    return f"{hours / 24:.0f} days ago" if hours >= 72 else f"{text.duration(hours * 3600)} ago"


def seconds(at: datetime | None, now: datetime) -> float | None:
    """The age of something for programs, below zero where it is dated ahead."""
    return (now - at).total_seconds() if at else None
