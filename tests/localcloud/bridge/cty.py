"""Values as Terraform's type system (cty) has them on the wire: msgpack, with "known after apply" as an extension."""

from __future__ import annotations

from typing import Any, Final

import msgpack

UNKNOWN: Final = msgpack.ExtType(0, b"\x00")
"""A value that is known only after apply."""


def pack(value: Any) -> bytes:
    """Encode None, booleans, numbers, strings, lists (also for sets), dictionaries (objects and maps) and UNKNOWN."""
    encoded: bytes = msgpack.packb(value)
    return encoded


def unpack(data: bytes) -> Any:
    """Decode what ``pack`` encodes; an unknown value with hints of what it may be is UNKNOWN all the same."""
    return msgpack.unpackb(data, ext_hook=lambda code, content: UNKNOWN)
