"""The product's own program under Pulumi's mocks; every registration is kept as the engine would get it."""

from __future__ import annotations

import runpy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime import get_root_resource, mocks, rpc, settings
from pulumi.runtime.proto import resource_pb2

from infra.lookup import found, known
from infra.lookup.found import Found
from infra.lookup.known import Known
from tests.configured import REGION

PROJECT, STACK = "zagent", "dev"
COMPUTED = {"publicIp": "203.0.113.7", "arn": "arn:aws:iam::123456789012:role/r"}
"""What AWS would answer and others ask for."""

HOST_KEY = {"private_key": "private half", "public_key": "ssh-ed25519 AAAA"}


@dataclass(frozen=True)
class Registered:
    """A resource as it was asked for: its inputs, and the options that carry promises."""

    kind: str
    name: str
    inputs: Mapping[str, Any]
    request: Any

    @property
    def imported(self) -> str:
        """The id of what is to be adopted."""
        return str(self.request.importId)

    @property
    def ignored(self) -> set[str]:
        """The inputs whose changes are ignored."""
        return set(self.request.ignoreChanges)


class Answers(mocks.Mocks):
    """Every resource gets an id, and what AWS computes."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """The inputs come back as outputs."""
        computed = HOST_KEY if args.typ.endswith("HostKey") else {"name": args.name, "keyName": args.name, **COMPUTED}
        return f"{args.name}-id", {**args.inputs, **computed}

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """Nothing is asked: the look-ups are done."""
        raise AssertionError(f"the program asks for {args.token}")


class Monitor(mocks.MockMonitor):
    """Keeps each request; hooks are taken as the engine takes them."""

    def __init__(self, answers: Answers) -> None:
        super().__init__(answers)
        self.kept: list[Registered] = []
        self.outputs: dict[str, Any] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 -- gRPC's names
        """Keep it and go on."""
        inputs = rpc.deserialize_properties(request.object, keep_unknowns=True)
        self.kept.append(Registered(request.type, request.name, inputs, request))
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]

    def SupportsFeature(self, request: Any) -> Any:  # noqa: N802
        """Secrets are told apart, and hooks are known, as with the engine."""
        return resource_pb2.SupportsFeatureResponse(hasSupport=True)


class Hooks:
    """In the place of the server that the engine calls hooks on."""

    def register_error_hook(self, hook: pulumi.ErrorHook) -> None:
        """Taken."""

    async def shutdown(self) -> None:
        """Nothing was served."""


def registered(what: Found, config: Mapping[str, str], stack: str = STACK) -> Monitor:
    """All that the program registers when this was found."""
    monitor = Monitor(Answers())
    settings.ROOT.set(None)  # or the stack would be registered by the first program alone
    pulumi.runtime.set_mocks(Answers(), project=PROJECT, stack=stack, monitor=monitor)
    settings.SETTINGS.callbacks = Hooks()
    own = {f"{PROJECT}:{key}": value for key, value in config.items()}
    pulumi.runtime.set_all_config({**own, "aws:region": REGION})
    looked, knew = found.look, known.known

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def program() -> pulumi.Output[None]:
        runpy.run_module("infra", run_name="__main__")
        outputs = get_root_resource().outputs  # type: ignore[union-attr]
        return pulumi.Output.all(**outputs).apply(monitor.outputs.update)

    try:
        found.look, known.known = (lambda *_: what), Known
        program()
    finally:
        found.look, known.known = looked, knew
    return monitor
