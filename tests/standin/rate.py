"""A token bucket that caps the bytes per second of any number of threads together."""

from __future__ import annotations

import threading
import time
from typing import Final

_BURST_SECONDS: Final = 0.05
_SMALLEST_CHUNK: Final = 1024
_LARGEST_CHUNK: Final = 256 * 1024


class TokenBucket:
    """Hands out bytes at `rate` bytes per second. Raises ValueError unless the rate is above zero."""

    def __init__(self, rate: float) -> None:
        if rate <= 0:
            raise ValueError(f"the rate is not above zero: {rate}")
        self.rate = rate
        self._lock = threading.Lock()
        self._paid_until = time.monotonic()

    @property
    def chunk(self) -> int:
        """Bytes to send between two calls of take, small enough for an even flow."""
        return int(min(max(self.rate * _BURST_SECONDS, _SMALLEST_CHUNK), _LARGEST_CHUNK))

    def take(self, count: int, stopping: threading.Event) -> None:
        """Wait until `count` bytes may be sent, or until `stopping` is set."""
        with self._lock:
            now = time.monotonic()
            # Idle time counts for one burst at most, or a pause would lift the cap afterwards.
            self._paid_until = max(self._paid_until, now - _BURST_SECONDS) + count / self.rate
            delay = self._paid_until - now
        if delay > 0:
            stopping.wait(delay)
