"""The names and shapes of properties, against pulumi-aws's own generated classes."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, get_args, get_origin

import pytest
from pulumi import _types as generated

from tests.localcloud.bridge.client import Client
from tests.localcloud.bridge.schema import Many, Object, Scalar, Type, object_of
from tests.localcloud.bridge.tokens import FUNCTIONS, RESOURCES

NEWER: Final[Mapping[str, set[str]]] = {
    "aws_ebs_volume": {"volumeInitializationRate"},
    "aws_instance": {
        "cpuOptions.nestedVirtualization",
        "forceDestroy",
        "placementGroupId",
        "primaryNetworkInterface",
        "secondaryNetworkInterfaces",
    },
    "aws_route": {"odbNetworkArn"},
    "aws_route_table": {"routes.odbNetworkArn"},
    "aws_subnet": {"ipv4IpamPoolId", "ipv4NetmaskLength", "ipv6IpamPoolId", "ipv6NetmaskLength"},
    "aws_ami": {"allowUnsafeFilter"},
}
"""What pulumi-aws 7 has, and version 5.100 of the provider has not; beside `region`, which all have."""

OLDER: Final[Mapping[str, set[str]]] = {"aws_instance": {"cpuCoreCount", "cpuThreadsPerCore"}}
"""What the provider has and pulumi-aws 7 has not; beside `id`, which is no property of a resource there."""

SCALARS: Final[Mapping[Any, str]] = {str: "string", bool: "bool", int: "number", float: "number"}

pytestmark = pytest.mark.cloud


@pytest.mark.parametrize(("token", "name"), RESOURCES.items())
def test_a_resource_has_the_names_of_pulumi_aws(client: Client, token: str, name: str) -> None:
    """Every property at every depth has its name and its shape, but for the known differences."""
    ours = dict(_ours(object_of(client.schemas.resource_schemas[name].block, name), ""))
    theirs = dict(_members(generated.resource_types(_class(token)), ""))
    assert ours.pop("id") == "string"
    _same(name, ours, theirs)


@pytest.mark.parametrize(("token", "name"), FUNCTIONS.items())
def test_a_function_has_the_names_of_pulumi_aws(client: Client, token: str, name: str) -> None:
    """So has everything that a function answers."""
    ours = dict(_ours(object_of(client.schemas.data_source_schemas[name].block, name), ""))
    _same(name, ours, dict(_members(generated.output_type_types(_class(token)), "")))


def _same(name: str, ours: dict[str, str], theirs: dict[str, str]) -> None:
    newer = {"region", *NEWER.get(name, ())}
    expected = {path: kind for path, kind in theirs.items() if not _within(path, newer)}
    assert expected == {path: kind for path, kind in ours.items() if path not in OLDER.get(name, ())}
    assert not newer & ours.keys(), "it is no longer a difference"


def _within(path: str, others: set[str]) -> bool:
    return any(path == other or path.startswith(f"{other}.") for other in others)


def _class(token: str) -> type[Any]:
    """The generated class of a resource, or of a function's answer."""
    _, module, name = token.split(":")
    answer = f"{name[:1].upper()}{name[1:]}Result"
    package = importlib.import_module(f"pulumi_aws.{module.partition('/')[0]}")
    made: type[Any] = getattr(package, answer if token in FUNCTIONS else name)
    return made


def _ours(kind: Type, path: str) -> Iterator[tuple[str, str]]:
    """The paths and shapes in our reading of the provider's schema."""
    match kind:
        case Scalar():
            yield path, kind.kind
        case Object():
            for name, field in kind.by_property.items():
                yield from _ours(field.type, f"{path}.{name}".lstrip("."))
        case Many(kind="map"):
            yield path, "map"
        case Many(flat=True):
            yield from _ours(kind.element, path)
        case Many():
            yield from ((inner, f"list of {shape}") for inner, shape in _ours(kind.element, path))


def _theirs(kind: Any, path: str) -> Iterator[tuple[str, str]]:
    """The paths and shapes in a type of pulumi-aws."""
    if kind in SCALARS:
        yield path, SCALARS[kind]
    elif generated.is_output_type(kind):
        yield from _members(generated.output_type_types(kind), path)
    elif get_origin(kind) is Mapping or get_origin(kind) is dict:
        yield path, "map"
    else:
        assert get_origin(kind) in (Sequence, list), f"{path}: {kind}"
        yield from ((inner, f"list of {shape}") for inner, shape in _theirs(get_args(kind)[0], path))


def _members(members: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for name, kind in members.items():
        yield from _theirs(kind, f"{path}.{name}".lstrip("."))
