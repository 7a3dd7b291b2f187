"""What the record of a destination's runs says of it: one grade, which status and doctor put into their own words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from zagent.protect.record import Record

LASTS = timedelta(hours=36)
"""For how long a backup is fresh: the nightly timer's day, and half a one for a night on which it came late."""

Grade = Literal["damaged", "failed", "never", "lacking", "old", "good"]
"""The gravest first: its last check found bad files, its last run failed, none was good yet, the last good one is of
another set than is here, or is not fresh."""


def grade(known: Record, wanted: Mapping[str, str], now: datetime) -> Grade:
    """The grade of a destination at ``now``; ``wanted`` are the set digests here, by model. Pure.

    A date that lies ahead is as little worth as an old one: some clock was wrong.
    """
    if known.bad:
        return "damaged"
    if known.failure:
        return "failed"
    if known.success is None:
        return "never"
    if known.lacking(wanted):
        return "lacking"
    return "good" if abs(now - known.success.at) <= LASTS else "old"
