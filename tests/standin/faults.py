"""Faults that the stand-in hub can show, one per file path.

Byte counts named `after` count body bytes of one response, so a client that resumes after
a fault makes progress on every attempt. Every constructor raises ValueError for a negative number.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, field, fields
from typing import Final

LISTING: Final = "<listing>"
"""Key of the fault table that stands for the file listing instead of a file; takes Status and Drop."""


@dataclass(frozen=True)
class Fault:
    """Base of all faults. `times` limits it to that many requests; None means every request."""

    times: int | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, int | float) and value < 0:
                raise ValueError(f"{type(self).__name__}.{item.name} is negative: {value}")


@dataclass(frozen=True)
class Status(Fault):
    """Answer with this HTTP status and an error body of the hub instead of the file."""

    code: int


@dataclass(frozen=True)
class Drop(Fault):
    """Close the connection without any answer."""


@dataclass(frozen=True)
class Corrupt(Fault):
    """Flip all bits of the byte at `offset` of the file; ranges that leave it out are unharmed."""

    offset: int = 0


@dataclass(frozen=True)
class Truncate(Fault):
    """Close the connection after `after` body bytes although Content-Length announced more."""

    after: int


@dataclass(frozen=True)
class ShortBody(Fault):
    """Serve the file as if its last `missing` bytes did not exist, unlike what the listing says."""

    missing: int = 1


@dataclass(frozen=True)
class NoRange(Fault):
    """Ignore the Range header and answer 200 with the whole file."""


@dataclass(frozen=True)
class Slow(Fault):
    """Send the body of each response at no more than `rate` bytes per second (above zero)."""

    rate: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.rate == 0:
            raise ValueError("Slow.rate is zero; use Stall for a line that stands still")


@dataclass(frozen=True)
class Stall(Fault):
    """Send `after` body bytes, set `reached`, and wait for `released` before sending the rest.

    A stopping hub sets `released` itself. Both events stay set: use a new Stall to stall again.
    """

    after: int = 0
    reached: threading.Event = field(default_factory=threading.Event, compare=False, repr=False)
    released: threading.Event = field(default_factory=threading.Event, compare=False, repr=False)


class FaultTable(MutableMapping[str, Fault]):
    """Faults by file path; may be changed while requests are being answered.

    Setting a path starts its count of requests afresh. An entry that is used up stays in the table.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: dict[str, Fault] = {}
        self._used: dict[str, int] = {}
        self._stalls: list[Stall] = []

    def __getitem__(self, path: str) -> Fault:
        return self._faults[path]

    def __setitem__(self, path: str, fault: Fault) -> None:
        """Set the fault of a path. Raises ValueError for one that a listing cannot show."""
        if path == LISTING and not isinstance(fault, Status | Drop):
            raise ValueError(f"the listing takes Status and Drop, not {type(fault).__name__}")
        with self._lock:
            self._faults[path] = fault
            self._used[path] = 0
            if isinstance(fault, Stall):
                self._stalls.append(fault)

    def __delitem__(self, path: str) -> None:
        with self._lock:
            del self._faults[path]

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._faults))

    def __len__(self) -> int:
        return len(self._faults)

    def take(self, path: str) -> Fault | None:
        """The fault that the request now being answered meets, which uses it up by one."""
        with self._lock:
            fault = self._faults.get(path)
            if fault is None or (fault.times is not None and self._used[path] >= fault.times):
                return None
            self._used[path] += 1
            return fault

    def release_stalls(self) -> None:
        """Let every stalled response go on, those of removed faults too."""
        with self._lock:
            stalls, self._stalls = self._stalls, []
        for stall in stalls:
            stall.released.set()
