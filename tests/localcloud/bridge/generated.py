"""What pulumi-aws's generated Python says of types and functions, for the tests: property paths and their shapes.

A shape is ``string``, ``number``, ``bool``, ``map`` or ``list of`` one; a JSON text that may be given as an object is a
``document``.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, Union, get_args, get_origin, get_type_hints, is_typeddict
from unittest.mock import patch

import pulumi
from pulumi import _types as types

SCALARS: Final[Mapping[Any, str]] = {str: "string", bool: "bool", int: "number", float: "number"}

Shapes = dict[str, str]


def outputs(token: str) -> Shapes:
    """The outputs of a type."""
    return dict(_members(types.resource_types(_found(token)), ""))


def answer(token: str) -> Shapes:
    """What a function answers."""
    return dict(_members(types.output_type_types(_found(token, "{}Result")), ""))


def inputs(token: str) -> Shapes:
    """The inputs of a type."""
    return dict(_members(types.input_type_types(_found(token, "{}Args")), ""))


def required(token: str) -> set[str]:
    """The inputs of a type that have to be given."""
    kind = _found(token, "{}Args")
    parameters = inspect.signature(kind).parameters.values()
    names = types.input_type_py_to_pulumi_names(kind)
    return {names[one.name] for one in parameters if one.default is inspect.Parameter.empty}


def arguments(token: str) -> Shapes:
    """The arguments of a function, under the names that it sends."""
    function = getattr(_package(token), _snake(token.rpartition(":")[2]))
    hints = get_type_hints(function, vars(inspect.getmodule(function)))
    given = {name: name for name in inspect.signature(function).parameters if name != "opts"}
    with patch.object(pulumi.runtime, "invoke", side_effect=InterruptedError) as invoke, suppress(InterruptedError):
        function(**given)
    return dict(_members({sent: hints[name] for sent, name in invoke.call_args.args[1].items()}, ""))


def _package(token: str) -> Any:
    folder = token.split(":")[1].partition("/")[0]
    return importlib.import_module("pulumi_aws" if folder == "index" else f"pulumi_aws.{folder}")


def _found(token: str, pattern: str = "{}") -> type[Any]:
    name = token.rpartition(":")[2]
    found: type[Any] = getattr(_package(token), pattern.format(name[:1].upper() + name[1:]))
    return found


def _snake(name: str) -> str:
    return "".join(f"_{one.lower()}" if one.isupper() else one for one in name)


def _members(members: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for name, kind in members.items():
        yield from _shapes(_plain(kind), f"{path}.{name}".lstrip("."))


def _shapes(kind: Any, path: str) -> Iterator[tuple[str, str]]:
    if kind in SCALARS:
        yield path, SCALARS[kind]
    elif kind == "document" or get_origin(kind) in (Mapping, dict):
        yield path, "document" if kind == "document" else "map"
    elif types.is_output_type(kind):
        yield from _members(types.output_type_types(kind), path)
    elif types.is_input_type(kind):
        yield from _members(types.input_type_types(kind), path)
    else:
        assert get_origin(kind) in (Sequence, list), f"{path}: {kind}"
        yield from ((inner, f"list of {shape}") for inner, shape in _shapes(_plain(get_args(kind)[0]), path))


def _plain(kind: Any) -> Any:
    """What a value is, of all the ways in which it can be given: now or later, as a class or a dictionary, or not."""
    if get_origin(kind) is not Union:
        return kind
    later = (Awaitable, pulumi.Output)
    choices = [one for one in get_args(kind) if one is not type(None) and get_origin(one) not in later]
    choices = [one for one in choices if one is not pulumi.Output and not is_typeddict(one)]
    if any(getattr(one, "__name__", "") == "PolicyDocumentArgs" for one in choices):
        return "document"
    # The first is what it is by the provider's schema; enumerations and resources stand behind it.
    return next((one for one in choices if types.is_input_type(one)), choices[0])
