"""Time-outs of single operations, which the program sets with a resource option."""

from __future__ import annotations

import json
from typing import Final, Literal

from tests.localcloud.bridge.schema import Object

Operation = Literal["create", "update", "delete"]

KEY: Final = "e2bfb730-ecaa-11e6-8f88-34363bc7c4c0"
"""Where the provider's SDK keeps time-outs in its notes on a plan: ``TimeoutKey`` in terraform-plugin-sdk."""


def settable(shape: Object, operation: Operation) -> bool:
    """Whether the provider heeds a time-out for this: its type has a place for it in the block ``timeouts``."""
    field = shape.by_name.get("timeouts")
    return field is not None and isinstance(field.type, Object) and operation in field.type.by_name


def limited(notes: bytes, operation: Operation, seconds: float) -> bytes:
    """The notes on a plan, with the time-out in it.

    Not by the configuration, as in Terraform: there, the one for a deletion has to be known at the creation.
    """
    said = json.loads(notes or b"{}")
    said[KEY] = said.get(KEY, {}) | {operation: round(seconds * 1e9)}
    return json.dumps(said).encode()
