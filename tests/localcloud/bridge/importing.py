"""The inputs that a program would have to give for a resource that is already there."""

from __future__ import annotations

from typing import Any

from tests.localcloud.bridge.schema import Field, Many, Object, Type

NOT_INPUTS = ("id", "tags_all")
"""What the provider takes as arguments for its own reasons, and pulumi-aws does not."""


def inputs_of(shape: Object, state: dict[str, Any]) -> dict[str, Any]:
    """The part of a state that a program can give, as the provider's value; what says nothing is left empty."""
    return _object(shape, {name: None if name in NOT_INPUTS else value for name, value in state.items()})


def _object(kind: Object, value: dict[str, Any]) -> dict[str, Any]:
    return {field.name: _field(field, value[field.name]) for field in kind.fields}


def _field(field: Field, value: Any) -> Any:
    if not field.settable or value in (None, "", [], {}):
        return field.empty
    # A plain optional attribute may have a default that is not false or 0; for one that the provider
    # computes, silence means: as it is.
    if field.computed and value in (False, 0):
        return None
    return _block(field.type, value) if field.block else value


def _block(kind: Type, value: Any) -> Any:
    match kind:
        case Object():
            return _object(kind, value)
        case Many(kind="map"):
            return {key: _block(kind.element, one) for key, one in value.items()}
        case Many():
            return [_block(kind.element, one) for one in value]
    return value
