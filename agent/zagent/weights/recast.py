"""Float32 tensors of a safetensors file as bfloat16, while its bytes pass. Pure but for the cast that is handed in."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from zagent.weights.safetensors import Head

Cast = Callable[[memoryview], memoryview]
"""Whole float32 numbers as bfloat16, bytes to bytes; the result is half as long."""

FLOAT32, BFLOAT16 = "F32", "BF16"
_WIDTH = 4
"""Bytes of a float32."""
FORMAT = "pt"
"""PyTorch's: a file that says something of itself, and not this, some versions of transformers refuse."""
_ALIGNED = 8
"""To a multiple of so many bytes the format's own writer pads the head."""


@dataclass(frozen=True)
class Span:
    """So many bytes in a row of the source, to be cast or kept as they are."""

    size: int
    cast: bool

    @property
    def becomes(self) -> int:
        """Its bytes in the converted file."""
        return self.size // 2 if self.cast else self.size


@dataclass(frozen=True)
class Recast:
    """How a file is converted: the head that it has, the head that it gets, and what lies behind it, in order."""

    before: bytes
    head: bytes
    spans: tuple[Span, ...]

    @property
    def data(self) -> int:
        """Bytes of all tensors, converted."""
        return sum(one.becomes for one in self.spans)

    @property
    def size(self) -> int:
        """Bytes of the converted file."""
        return len(self.head) + self.data

    def of(self, pieces: Iterable[memoryview], cast: Cast) -> Iterator[bytes | memoryview]:
        """The converted file's bytes, from the source's in pieces of any size.

        Raises:
            ValueError: the source has another head than was read before, or goes on behind its last tensor.
        """
        yield self.head
        yield from _cast(_cut(_behind(self.before, pieces), self.spans), cast)


def has_float32(head: Head) -> bool:
    """Whether there is anything to convert."""
    return any(one["dtype"] == FLOAT32 for one in head.tensors.values())


def recast(head: Head, notes: Mapping[str, str]) -> Recast:
    """How to convert the file with this head; ``notes`` join what it says of itself.

    Raises:
        ValueError: its tensors do not lie one behind the other, or are not as long as their shapes.
    """
    spans, tensors = list[Span](), dict[str, Any]()
    source = target = 0
    for name, one in sorted(head.tensors.items(), key=lambda pair: tuple(pair[1]["data_offsets"])):
        span = _span(name, one, source)
        offsets = [target, target + span.becomes]
        tensors[name] = {**one, "dtype": BFLOAT16 if span.cast else one["dtype"], "data_offsets": offsets}
        source, target = source + span.size, target + span.becomes
        spans.append(span)
    said = {"format": FORMAT, **head.metadata, **notes}
    return Recast(head.content, _head({"__metadata__": said, **tensors}), tuple(_joined(spans)))


def _span(name: str, tensor: Mapping[str, Any], begins: int) -> Span:
    begin, end = tensor["data_offsets"]
    cast = tensor["dtype"] == FLOAT32
    if begin != begins or end < begin or (cast and end - begin != _WIDTH * math.prod(tensor["shape"])):
        raise ValueError(f"its tensor {name} does not lie where it should")
    return Span(end - begin, cast)


def _head(content: Mapping[str, Any]) -> bytes:
    packed = json.dumps(content, separators=(",", ":")).encode()
    packed += b" " * (-len(packed) % _ALIGNED)
    return len(packed).to_bytes(8, "little") + packed


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Neighbours that are treated alike as one, so that many small tensors are cast together."""
    for cast, alike in itertools.groupby(spans, key=lambda one: one.cast):
        yield Span(sum(one.size for one in alike), cast)


def _behind(head: bytes, pieces: Iterable[memoryview]) -> Iterator[memoryview]:
    """What comes after the head, once it is the one that was read before."""
    passed = 0
    for piece in pieces:
        here = piece[: max(0, len(head) - passed)]
        if here != head[passed : passed + len(here)]:
            raise ValueError("its head changes from one reading to the next")
        passed += len(here)
        yield piece[len(here) :]


def _cut(pieces: Iterable[memoryview], spans: Iterable[Span]) -> Iterator[tuple[memoryview, bool]]:
    """The pieces, cut where a span ends, and whether to cast each."""
    left = iter([one for one in spans if one.size])
    size, cast = 0, False
    for piece in pieces:
        while len(piece):
            if not size:
                span = next(left, None)
                if span is None:
                    raise ValueError("it goes on behind its last tensor")
                size, cast = span.size, span.cast
            part = piece[:size]
            yield part, cast
            size, piece = size - len(part), piece[len(part) :]


def _cast(parts: Iterable[tuple[memoryview, bool]], cast: Cast) -> Iterator[memoryview]:
    """The parts, cast; the bytes of a number that goes on in the next piece wait for it."""
    rest = b""
    for part, is_cast in parts:
        if not is_cast:
            yield part
            continue
        numbers = memoryview(bytearray(rest) + part) if rest else part
        whole = len(numbers) - len(numbers) % _WIDTH
        if whole:
            yield cast(numbers[:whole])
        rest = bytes(numbers[whole:])
