"""The inputs that a program would have to give for a resource that is already there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tests.localcloud.bridge.client import Steps
from tests.localcloud.bridge.schema import Field, Many, Object, Type

NOT_INPUTS = ("id", "tags_all")
"""What the provider takes as arguments for its own reasons, and pulumi-aws does not."""


def inputs_of(shape: Object, state: dict[str, Any]) -> dict[str, Any]:
    """The part of a state that a program can give, as the provider's value; what says nothing is left empty."""
    return _object(shape, {name: None if name in NOT_INPUTS else value for name, value in state.items()})


def program(shape: Object, state: dict[str, Any], refused: Callable[[Any], Iterable[Steps]]) -> dict[str, Any]:
    """The inputs with which a program can take over a resource: without what is deprecated, or what excludes another.

    A state may say the same in two ways, such as a name and its prefix. ``refused`` are the paths that the provider
    finds wrong in a configuration: of those, the variants go first, which have the longer names.
    """
    dated = {field.name: field.empty for field in shape.fields if field.deprecated and not field.required}
    config = inputs_of(shape, state) | dated
    while found := [steps for steps in refused(config) if _droppable(shape, config, steps)]:
        config = _without(shape, config, max(found, key=lambda steps: len(str(steps[-1]))))
    return config


def said(inputs: Any) -> Any:
    """The inputs without what says nothing: empty lists and objects."""
    if isinstance(inputs, list):
        return [said(one) for one in inputs]
    if not isinstance(inputs, dict):
        return inputs
    return {name: said(one) for name, one in inputs.items() if one not in ([], {})}


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


def _droppable(kind: Type, value: Any, steps: Steps) -> bool:
    """Whether the path leads to an attribute that says something, and need not."""
    match kind, value, steps:
        case Object(), dict(), (str() as name, *rest) if name in kind.by_name:
            field = kind.by_name[name]
            if rest:
                return _droppable(field.type, value[name], tuple(rest))
            return not field.required and not field.block and value[name] is not None
        case Many(kind="list"), list(), (int() as position, *rest) if rest and position < len(value):
            return _droppable(kind.element, value[position], tuple(rest))
    return False


def _without(kind: Type, value: Any, steps: Steps) -> Any:
    step, rest = steps[0], steps[1:]
    if isinstance(kind, Object):
        field = kind.by_name[str(step)]
        return value | {step: _without(field.type, value[step], rest) if rest else None}
    assert isinstance(kind, Many)
    return [_without(kind.element, one, rest) if position == step else one for position, one in enumerate(value)]
