"""Sending the body of one response: pieces, rate caps and the faults that happen within a body."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from tests.standin.content import Source
from tests.standin.faults import Corrupt, Fault, Stall, Truncate
from tests.standin.rate import TokenBucket
from tests.standin.requestlog import Request

_CHUNK: Final = 1024 * 1024
_RANGE: Final = re.compile(r"bytes=(\d*)-(\d*)")


class Span(NamedTuple):
    """Bytes `start` up to, not including, `stop` of a file."""

    start: int
    stop: int


def parse_range(header: str | None, size: int) -> Span | None:
    """The single span that a Range header asks of a file, None if the header must be ignored.

    An unsatisfiable range comes back with start >= stop.
    """
    match = _RANGE.fullmatch((header or "").strip())
    if match is None or match[0] == "bytes=-":
        return None
    if not match[1]:
        return Span(max(0, size - int(match[2])), size)
    stop = min(size, int(match[2]) + 1) if match[2] else size
    return Span(int(match[1]), stop)


@dataclass
class Transfer:
    """One body on its way: counts what it sends into `record` and obeys all `buckets`."""

    source: Source
    connection: socket.socket
    record: Request
    buckets: Sequence[TokenBucket]
    stopping: threading.Event

    def send(self, span: Span, fault: Fault | None) -> bool:
        """Send a span under a fault; False if the body was cut. Raises OSError if the peer left."""
        match fault:
            case Corrupt(offset=offset) if span.start <= offset < span.stop:
                self._send_corrupt(span, offset)
            case Truncate(after=after) if after < span.stop - span.start:
                self._send(Span(span.start, span.start + after))
                return False
            case Stall():
                self._send_stalled(span, fault)
            case _:
                self._send(span)
        return True

    def _send_corrupt(self, span: Span, offset: int) -> None:
        self._send(Span(span.start, offset))
        flipped = self.source.read(offset, 1)[0] ^ 0xFF
        self.record.bytes_sent += 1
        self.connection.sendall(bytes([flipped]))
        self._send(Span(offset + 1, span.stop))

    def _send_stalled(self, span: Span, stall: Stall) -> None:
        middle = min(span.start + stall.after, span.stop)
        self._send(Span(span.start, middle))
        stall.reached.set()
        stall.released.wait()
        self._send(Span(middle, span.stop))

    def _send(self, span: Span) -> None:
        chunk = min((bucket.chunk for bucket in self.buckets), default=_CHUNK)
        position = span.start
        while position < span.stop:
            count = min(chunk, span.stop - position)
            for bucket in self.buckets:
                bucket.take(count, self.stopping)
            if self.stopping.is_set():
                raise ConnectionAbortedError("the hub stops")
            position += self._send_all(position, count)

    def _send_all(self, position: int, count: int) -> int:
        # Counted ahead: a client that has the last byte must not find a count that lags behind.
        self.record.bytes_sent += count
        sent = 0
        try:
            while sent < count:
                sent += self.source.send(self.connection, position + sent, count - sent)
        finally:
            self.record.bytes_sent -= count - sent
        return sent
