"""The names and shapes of properties, against pulumi-aws's own generated classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import pytest

from tests.localcloud.bridge import generated
from tests.localcloud.bridge.autoname import naming
from tests.localcloud.bridge.client import Client
from tests.localcloud.bridge.generated import Shapes
from tests.localcloud.bridge.importing import NOT_INPUTS
from tests.localcloud.bridge.schema import Many, Object, Scalar, Type, object_of
from tests.localcloud.bridge.tokens import FUNCTIONS, RESOURCES

NEWER: Final[Mapping[str, set[str]]] = {
    "aws_ami": {"allowUnsafeFilter"},
    "aws_dlm_lifecycle_policy": {
        "defaultPolicy",
        *(f"policyDetails.{name}" for name in ("copyTags", "createInterval", "exclusions", "extendDeletion")),
        *(f"policyDetails.{name}" for name in ("policyLanguage", "resourceType", "retainInterval")),
        "policyDetails.parameters.excludeDataVolumeTags",
        "policyDetails.schedules.archiveRule",
        "policyDetails.schedules.createRule.scripts",
        "policyDetails.schedules.crossRegionCopyRules.targetRegion",
    },
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
}
"""What pulumi-aws 7 has, and version 5.100 of the provider has not; beside `region`, which all have."""

OLDER: Final[Mapping[str, set[str]]] = {"aws_instance": {"cpuCoreCount", "cpuThreadsPerCore"}, "aws_eip": {"vpc"}}
"""What the provider has and pulumi-aws 7 has not; beside `id`, which is no property of a resource there."""

pytestmark = pytest.mark.cloud


@pytest.mark.parametrize(("token", "name"), RESOURCES.items())
def test_a_resource_has_the_outputs_of_pulumi_aws(client: Client, token: str, name: str) -> None:
    """Every property at every depth has its name and its shape, but for the known differences."""
    ours = _shapes(object_of(client.schemas.resource_schemas[name].block, name))
    assert ours.pop("id") == "string"
    _same(name, {path: shape.replace("document", "string") for path, shape in ours.items()}, generated.outputs(token))


@pytest.mark.parametrize(("token", "name"), RESOURCES.items())
def test_a_resource_has_the_inputs_of_pulumi_aws(client: Client, token: str, name: str) -> None:
    """So has everything that a program can give; in blocks, pulumi-aws also lets be given what only AWS knows."""
    ours = _settable(object_of(client.schemas.resource_schemas[name].block, name))
    _same(name, _shapes(ours), generated.inputs(token))


@pytest.mark.parametrize(("token", "name"), RESOURCES.items())
def test_a_resource_asks_for_what_pulumi_aws_asks_for(client: Client, token: str, name: str) -> None:
    """What the provider requires, but for the names that pulumi-aws makes up."""
    block = object_of(client.schemas.resource_schemas[name].block, name)
    required = {field.pulumi_name for field in block.fields if field.required}
    made_up = {field.pulumi_name for field in [naming(name, block)] if field}
    assert generated.required(token) == required - made_up


@pytest.mark.parametrize(("token", "name"), FUNCTIONS.items())
def test_a_function_has_the_answer_of_pulumi_aws(client: Client, token: str, name: str) -> None:
    """So has everything that a function answers."""
    ours = _shapes(object_of(client.schemas.data_source_schemas[name].block, name))
    _same(name, ours, generated.answer(token))


@pytest.mark.parametrize(("token", "name"), FUNCTIONS.items())
def test_a_function_has_the_arguments_of_pulumi_aws(client: Client, token: str, name: str) -> None:
    """And all that it can be asked."""
    ours = _settable(object_of(client.schemas.data_source_schemas[name].block, name))
    theirs = generated.arguments(token)
    theirs.pop("id", None)  # a few take it, and make no use of it
    _same(name, _shapes(ours), theirs)


def _same(name: str, ours: Shapes, theirs: Shapes) -> None:
    newer = {"region", *NEWER.get(name, ())}
    expected = {path: shape for path, shape in theirs.items() if not _within(path, newer)}
    assert expected == {path: shape for path, shape in ours.items() if path not in OLDER.get(name, ())}
    assert not newer & ours.keys(), "it is no longer a difference"


def _within(path: str, others: set[str]) -> bool:
    return any(path == other or path.startswith(f"{other}.") for other in others)


def _settable(block: Object) -> Object:
    return Object(tuple(field for field in block.fields if field.settable and field.name not in NOT_INPUTS))


def _shapes(kind: Object) -> Shapes:
    """The paths and shapes in our reading of the provider's schema."""
    return dict(_walked(kind, ""))


def _walked(kind: Type, path: str) -> Iterator[tuple[str, str]]:
    match kind:
        case Scalar():
            yield path, "document" if kind.document else kind.kind
        case Object():
            for name, field in kind.by_property.items():
                yield from _walked(field.type, f"{path}.{name}".lstrip("."))
        case Many(kind="map"):
            yield path, "map"
        case Many(flat=True):
            yield from _walked(kind.element, path)
        case Many():
            yield from ((inner, f"list of {shape}") for inner, shape in _walked(kind.element, path))
