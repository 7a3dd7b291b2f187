"""The proposed new state that a provider plans from: the configuration, with what it leaves open as it was before.

This is Terraform's own step between configuration and plan (``objchange.ProposedNew`` in its source): providers are
written against it, so it has to be the same here.
"""

from __future__ import annotations

from typing import Any

from tests.localcloud.bridge.cty import UNKNOWN
from tests.localcloud.bridge.schema import Field, Many, Object, Type


def proposed(kind: Object, prior: Any, config: Any) -> Any:
    """The proposed state of a resource or block; ``prior`` is None where there was none, ``config`` where it goes."""
    if config is None or config == UNKNOWN:
        return config
    before = kind.empty if prior is None else prior
    return {field.name: _field(field, before[field.name], config[field.name]) for field in kind.fields}


def _field(field: Field, prior: Any, config: Any) -> Any:
    if field.block:
        return _block(field.type, prior, config)
    return prior if field.computed and config is None else config


def _block(kind: Type, prior: Any, config: Any) -> Any:
    match kind:
        case Object():
            return proposed(kind, prior, config)
        case Many(element=Object() as element) if isinstance(config, list):
            before = list(prior or [])
            find = _same_position if kind.kind == "list" else _same_content
            return [proposed(element, find(element, before, position, one), one) for position, one in enumerate(config)]
        case Many(element=Object() as element) if isinstance(config, dict):
            return {key: proposed(element, (prior or {}).get(key), one) for key, one in config.items()}
    return config


def _same_position(kind: Object, before: list[Any], position: int, config: Any) -> Any:
    return before[position] if position < len(before) else None


def _same_content(kind: Object, before: list[Any], position: int, config: Any) -> Any:
    """Take the element of a set that the configured one may have become; each can be taken once."""
    for number, one in enumerate(before):
        if _fits(kind, one, config):
            return before.pop(number)
    return None


def _fits(kind: Object, prior: Any, config: Any) -> bool:
    if prior is None or config is None or config == UNKNOWN:
        return bool(prior == config)
    return all(_field_fits(field, prior[field.name], config[field.name]) for field in kind.fields)


def _field_fits(field: Field, prior: Any, config: Any) -> bool:
    if not field.block:
        return equal(field.type, prior, config) or (config is None and field.computed)
    match field.type:
        case Object():
            return _fits(field.type, prior, config)
        case Many(element=Object() as element) if isinstance(config, list) and isinstance(prior, list):
            before = list(prior)
            return len(prior) == len(config) and all(_same_content(element, before, 0, one) for one in config)
    return bool(prior == config)


def equal(kind: Type, one: Any, other: Any) -> bool:
    """Whether two values are the same; the order of a set's elements does not count."""
    if one is None or other is None or UNKNOWN in (one, other):
        return bool(one == other)
    match kind:
        case Object():
            return all(equal(field.type, one[field.name], other[field.name]) for field in kind.fields)
        case Many(kind="map"):
            return one.keys() == other.keys() and all(equal(kind.element, one[key], other[key]) for key in one)
        case Many(kind="set"):
            return len(one) == len(other) and _same_elements(kind.element, one, list(other))
        case Many():
            return len(one) == len(other) and all(equal(kind.element, a, b) for a, b in zip(one, other, strict=True))
    return bool(one == other)


def _same_elements(kind: Type, some: list[Any], others: list[Any]) -> bool:
    for one in some:
        found = next((number for number, other in enumerate(others) if equal(kind, one, other)), None)
        if found is None:
            return False
        others.pop(found)
    return True
