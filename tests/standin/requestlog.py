"""What the stand-in hub was asked and what it sent."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Request:
    """One request. `bytes_sent` counts body bytes of repository files only, as they leave.

    `query` keeps just the parameters of the protocol, and of a token only whether one was there:
    a test that prints the log must not print a secret.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    range: str | None = None
    with_token: bool = False
    status: int | None = None
    bytes_sent: int = 0

    @property
    def file(self) -> str | None:
        """Path of the repository file that was asked for, None for any other request."""
        return self.query.get("FilePath")


class RequestLog:
    """Requests in the order of their arrival; safe to read while the hub answers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: list[Request] = []

    def add(self, request: Request) -> None:
        """Append a request; the caller goes on updating its status and byte count."""
        with self._lock:
            self._requests.append(request)

    def snapshot(self) -> tuple[Request, ...]:
        """Copies of all requests so far, one still being answered with its count up to now."""
        with self._lock:
            return tuple(dataclasses.replace(request) for request in self._requests)

    def clear(self) -> None:
        """Forget all requests; one still being answered is no longer counted."""
        with self._lock:
            self._requests.clear()
