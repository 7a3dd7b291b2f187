"""Sizes, rates, durations and moments as people read them."""

from __future__ import annotations

from datetime import datetime, timezone


def size(number: float) -> str:
    """Bytes in decimal units, as disks and the model card count them: 32.83 GB."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(number) < 1000:
            return f"{number:.0f} B" if unit == "B" else f"{number:.2f} {unit}"
        number /= 1000
    return f"{number:.2f} TB"


def duration(seconds: float) -> str:
    """Seconds as 12 s, 3 min 20 s or 2 h 05 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def moment(at: datetime) -> str:
    """A time with a zone, to the minute, as everyone has it: 2026-01-02 03:04 UTC."""
    return f"{at.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC"


def printable(words: str) -> str:
    """The words with whatever else would steer a terminal as its escape; only line ends stay."""
    return "".join(one if one.isprintable() or one == "\n" else repr(one)[1:-1] for one in words)


def plural(count: int, noun: str) -> str:
    """1 file, 2 files."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
