"""The types of a provider's attributes and blocks, as one small tree that everything else walks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from tests.localcloud.bridge.names import DOCUMENTS, SINGLE, property_name


@dataclass(frozen=True)
class Scalar:
    """A string, a number or a boolean. A ``document`` is JSON, which Pulumi also takes as an object."""

    kind: Literal["string", "number", "bool"]
    document: bool = False


@dataclass(frozen=True)
class Many:
    """A list, set or map. A ``flat`` one may have one element only, which is what Pulumi shows."""

    kind: Literal["list", "set", "map"]
    element: Type
    flat: bool = False


@dataclass(frozen=True)
class Field:
    """An attribute, or a nested block, under both its names."""

    name: str
    pulumi_name: str
    type: Type
    required: bool = False
    optional: bool = False
    computed: bool = False
    sensitive: bool = False
    deprecated: bool = False
    block: bool = False

    @property
    def settable(self) -> bool:
        """Whether a program may give it."""
        return self.required or self.optional or self.block

    @property
    def inferred(self) -> bool:
        """Whether silence means: as it is."""
        return self.optional and self.computed

    @property
    def empty(self) -> Any:
        """What it is when nothing is said of it: null, but blocks that may repeat are empty instead."""
        if self.block and isinstance(self.type, Many):
            return {} if self.type.kind == "map" else []
        return None


@dataclass(frozen=True)
class Object:
    """Named fields: a resource, a data source, a block, or an object in an attribute."""

    fields: tuple[Field, ...]

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """The fields by Terraform's names."""
        return {field.name: field for field in self.fields}

    @cached_property
    def by_property(self) -> Mapping[str, Field]:
        """The fields by Pulumi's names. Time-outs are no property: Pulumi has a resource option for them."""
        return {field.pulumi_name: field for field in self.fields if field.name != "timeouts"}

    @property
    def empty(self) -> dict[str, Any]:
        """An object of which nothing is said."""
        return {field.name: field.empty for field in self.fields}


Type = Scalar | Many | Object


def object_of(block: Any, path: str) -> Object:
    """The tree of a ``Schema.Block`` message; ``path`` is the Terraform type, or a dotted path that begins with it."""
    attributes = [_attribute(one, f"{path}.{one.name}") for one in block.attributes]
    blocks = [_nested(one, f"{path}.{one.type_name}") for one in block.block_types]
    return Object(tuple(attributes + blocks))


def _attribute(attribute: Any, path: str) -> Field:
    kind = _type_of(json.loads(attribute.type), path)
    flags = {name: getattr(attribute, name) for name in ("required", "optional", "computed", "sensitive", "deprecated")}
    return Field(attribute.name, property_name(path, _repeats(kind)), kind, **flags)


def _nested(nested: Any, path: str) -> Field:
    element = object_of(nested.block, path)
    kind = {2: "list", 3: "set", 4: "map"}.get(nested.nesting)
    type_: Type = Many(kind, element, flat=nested.max_items == 1) if kind else element  # type: ignore[arg-type]
    name = property_name(path, _repeats(type_))
    flags = {"required": nested.min_items > 0, "deprecated": nested.block.deprecated}
    return Field(nested.type_name, name, type_, **flags, block=True)


def _type_of(written: Any, path: str) -> Type:
    if isinstance(written, str):
        return Scalar(written, document=path in DOCUMENTS)  # type: ignore[arg-type]
    kind, inner = written
    if kind == "object":
        return Object(tuple(_member(name, one, f"{path}.{name}") for name, one in inner.items()))
    return Many(kind, _type_of(inner, path), flat=path in SINGLE)


def _member(name: str, written: Any, path: str) -> Field:
    kind = _type_of(written, path)
    return Field(name, property_name(path, _repeats(kind)), kind, optional=True)


def _repeats(kind: Type) -> bool:
    return isinstance(kind, Many) and kind.kind != "map" and not kind.flat
