"""How far a transfer is: what is to come, what came, how fast, and how long it will take."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Event = dict[str, Any]
Listener = Callable[[Event], None]


@dataclass
class Progress:
    """Counts bytes from several threads and tells a listener, at most every ``interval`` seconds.

    Events are dicts with ``event``: ``begin``, ``progress``, ``note`` or ``end``; bytes in ``done`` and ``total``,
    ``rate`` in bytes/s of this run, ``remaining`` in seconds. ``downloaded`` counts every byte that arrived, also
    those that had to come twice.
    """

    tell: Listener = lambda event: None
    interval: float = 0.5
    clock: Callable[[], float] = time.monotonic
    total: int = 0
    done: int = 0
    downloaded: int = 0
    _began: float = 0
    _told: float = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, total: int, missing: int) -> None:
        """Start with ``missing`` of ``total`` bytes to come."""
        self.total, self.done = total, total - missing
        self._began = self._told = self.clock()
        self.tell({"event": "begin", "total": total, "done": self.done})

    def add(self, count: int) -> None:
        """``count`` bytes are done; a negative count takes bytes back that must come again."""
        with self._lock:
            self.downloaded += max(count, 0)
            self.done = min(self.total, max(0, self.done + count))
            now = self.clock()
            if now - self._told < self.interval:
                return
            self._told = now
        self.tell(self._event(now))

    def _event(self, now: float) -> Event:
        rate = self.downloaded / max(now - self._began, 1e-6)
        remaining = (self.total - self.done) / rate if rate else None
        return {
            "event": "progress",
            "done": self.done,
            "total": self.total,
            "rate": rate,
            "remaining": remaining,
        }

    def say(self, note: str) -> None:
        """Something a person should know meanwhile."""
        self.tell({"event": "note", "note": note})

    def end(self) -> int:
        """All is done; returns the bytes that were downloaded."""
        self.tell({**self._event(self.clock()), "event": "end"})
        return self.downloaded
