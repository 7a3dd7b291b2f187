"""Names in AWS that a program leaves open: the resource's own name and seven random digits, as pulumi-aws has it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any, Final

from pulumi.runtime.proto import provider_pb2 as messages

from tests.localcloud.bridge.schema import Field, Object, Scalar
from tests.localcloud.bridge.served import Problem, Properties
from tests.localcloud.bridge.values import plain

BY_HAND: Final[Mapping[str, str]] = {"aws_key_pair": "key_name"}
"""The attributes that pulumi-aws names although they are not called ``name``."""

DEFAULTS: Final = "__defaults"
"""The input that lists the inputs that are not the program's; Pulumi does not show it."""

DIGITS: Final = 7

Options = messages.CheckRequest.AutonamingOptions


def added(kind: str, shape: Object, request: messages.CheckRequest) -> tuple[dict[str, Any], list[Problem]]:
    """The inputs that name a resource whose program does not, or why it gets no name."""
    field, inputs, before = naming(kind, shape), plain(request.news), plain(request.olds)
    if field is None or _said(field, inputs):
        return {}, []
    name = field.pulumi_name
    if request.autonaming.mode == Options.DISABLE:
        return {}, [((name,), "automatic names are switched off for this stack, so the program has to give one")]
    kept = before[name] if name in before.get(DEFAULTS, []) else None
    return {name: kept or _name(request), DEFAULTS: [name]}, []


def given(kind: str, shape: Object, inputs: Properties) -> bool:
    """Whether the program itself names the resource; two of one name can't be there at the same time."""
    field = naming(kind, shape)
    return field is not None and inputs.get(field.pulumi_name) is not None and DEFAULTS not in inputs


def naming(kind: str, shape: Object) -> Field | None:
    """The attribute that has the name of a resource of this type: a string ``name`` that a program may give.

    That is the rule by which pulumi-aws itself was made: ``SetAutonaming`` of Pulumi's bridge for Terraform providers.
    """
    field = shape.by_name.get(BY_HAND.get(kind, "name"))
    return field if field and field.settable and field.type == Scalar("string") else None


def _said(field: Field, inputs: Properties) -> bool:
    return any(inputs.get(name) is not None for name in (field.pulumi_name, f"{field.pulumi_name}Prefix"))


def _name(request: messages.CheckRequest) -> str:
    if request.autonaming.proposed_name:
        return str(request.autonaming.proposed_name)
    return f"{request.name}-{_digits(request.randomSeed)}"


def _digits(seed: bytes) -> str:
    """The same seed gives the same digits; the engine sends one where a plan is to be kept to."""
    return (hashlib.sha256(seed).hexdigest() if seed else secrets.token_hex(DIGITS))[:DIGITS]
