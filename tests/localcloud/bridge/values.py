"""Pulumi's property values <-> the provider's values, by the schema's types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from google.protobuf import json_format, struct_pb2
from pulumi.runtime import rpc

from tests.localcloud.bridge.cty import UNKNOWN
from tests.localcloud.bridge.paths import Path, written
from tests.localcloud.bridge.schema import Field, Many, Object, Scalar, Type

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
"""The key that marks an object of Pulumi's as a value of a special kind."""

SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"
"""The kind "secret"; the value itself is beside it, under ``value``."""


class Misfit(Exception):
    """A value that the schema has no place for."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{written(path)}: {reason}")


class NoSuchProperty(Misfit):
    """A property that the schema does not have."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "there is no such property")


def plain(message: struct_pb2.Struct) -> dict[str, Any]:
    """A message's properties, with secrets laid open."""
    return {name: opened(value) for name, value in json_format.MessageToDict(message).items()}


def opened(value: Any) -> Any:
    """A value with secrets laid open."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            return opened(value.get("value"))
        return {name: opened(one) for name, one in value.items()}
    return [opened(one) for one in value] if isinstance(value, list) else value


def message(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """Properties as a message."""
    made = struct_pb2.Struct()
    made.update(properties)
    return made


def to_provider(kind: Type, value: Any, path: Path = ()) -> Any:
    """The provider's value; what is not said of an object is null, or an empty list of blocks.

    Raises:
        Misfit: the schema has no such property, or one of another type.
    """
    if value is None:
        return None
    if value == rpc.UNKNOWN:
        return UNKNOWN
    match kind:
        case Scalar():
            return _scalar(kind, value, path)
        case Object():
            return _object(kind, value, path)
        case Many(flat=True):
            return [to_provider(kind.element, value, path)]
        case Many(kind="map"):
            entries = _expect(dict, value, "an object", path).items()
            return {key: to_provider(kind.element, one, (*path, key)) for key, one in entries}
        case _:
            elements = enumerate(_expect(list, value, "a list", path))
            return [to_provider(kind.element, one, (*path, position)) for position, one in elements]


def _object(kind: Object, value: Any, path: Path) -> dict[str, Any]:
    # What begins with two underscores is Pulumi's own, and ours: `__defaults`, `__meta`.
    given = {key: one for key, one in _expect(dict, value, "an object", path).items() if not key.startswith("__")}
    if strange := [key for key in given if key not in kind.by_property]:
        raise NoSuchProperty((*path, strange[0]))
    return kind.empty | {
        field.name: to_provider(field.type, given[name], (*path, name))
        for name, field in kind.by_property.items()
        if given.get(name) is not None
    }


def _scalar(kind: Scalar, value: Any, path: Path) -> Any:
    """The value, converted where Pulumi's SDKs let numbers and booleans be given as text, or the other way round."""
    match kind.kind, value:
        case ("bool", bool()) | ("string", str()):
            return value
        case "number", int() | float() if not isinstance(value, bool):
            return _number(value)
        case "bool", "true" | "false":
            return value == "true"
        case "number", str() if _is_number(value):
            return _number(float(value))
        case "string", bool():
            return str(value).lower()
        case "string", int() | float():
            return str(_number(value))
        case "string", dict() if kind.document:
            return UNKNOWN if rpc.UNKNOWN in (text := json.dumps(value)) else text
    raise Misfit(path, f"a {kind.kind} is expected here, not {value!r}")


def _number(value: float) -> float:
    """Pulumi's numbers are all floating-point; the provider's are exact."""
    return int(value) if float(value).is_integer() else value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _expect(kind: type[Any], value: Any, called: str, path: Path) -> Any:
    if not isinstance(value, kind):
        raise Misfit(path, f"{called} is expected here, not {value!r}")
    return value


def to_pulumi(kind: Type, value: Any) -> Any:
    """Pulumi's value; nulls are left out of objects, what the schema calls sensitive is marked secret."""
    if value is None:
        return None
    if value == UNKNOWN:
        return rpc.UNKNOWN
    match kind:
        case Object():
            fields = [field for field in kind.by_property.values() if value.get(field.name) is not None]
            shown = {field.pulumi_name: _shown(field, value[field.name]) for field in fields}
            return {name: one for name, one in shown.items() if one is not None}
        case Many(flat=True):
            return to_pulumi(kind.element, value[0]) if value else None
        case Many(kind="map"):
            return {key: to_pulumi(kind.element, one) for key, one in value.items()}
        case Many():
            return [to_pulumi(kind.element, one) for one in value]
        case Scalar(kind="number"):
            return float(value)  # the provider writes what no binary fraction hits, such as 3.4, as text
    return value


def _shown(field: Field, value: Any) -> Any:
    made = to_pulumi(field.type, value)
    return {SIGNATURE: SECRET, "value": made} if field.sensitive and made is not None else made
