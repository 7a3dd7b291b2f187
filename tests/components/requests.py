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

UNKNOWN = "only known once it is made"
"""In the place of an output that a preview can't tell."""

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
    """Every resource gets an id, and what AWS computes; in a preview only what is adopted has one, as with the engine.

    It does not know then what AWS computes.
    """

    def __init__(self, preview: bool = False) -> None:
        self._preview = preview

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """The inputs come back as outputs."""
        if self._preview:
            return args.resource_id or "", args.inputs
        computed = HOST_KEY if args.typ.endswith("HostKey") else {"name": args.name, "keyName": args.name, **COMPUTED}
        return args.resource_id or f"{args.name}-id", {**args.inputs, **computed}

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


async def _known(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """The values by name; ``UNKNOWN`` where a preview has none yet."""
    found = {name: pulumi.Output.from_input(one) for name, one in outputs.items()}
    return {name: await one.future() if await one.is_known() else UNKNOWN for name, one in found.items()}


def registered(what: Found, config: Mapping[str, str], stack: str = STACK, preview: bool = False) -> Monitor:
    """All that the program registers when this was found, and what it exports, as far as it is known."""
    answers = Answers(preview)
    monitor = Monitor(answers)
    settings.ROOT.set(None)  # or the stack would be registered by the first program alone
    pulumi.runtime.set_mocks(answers, project=PROJECT, stack=stack, preview=preview, monitor=monitor)
    settings.SETTINGS.callbacks = Hooks()
    own = {f"{PROJECT}:{key}": value for key, value in config.items()}
    pulumi.runtime.set_all_config({**own, "aws:region": REGION})
    looked, knew = found.look, known.known

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    async def program() -> None:
        runpy.run_module("infra", run_name="__main__")
        monitor.outputs = await _known(get_root_resource().outputs)  # type: ignore[union-attr]

    try:
        found.look, known.known = (lambda *_: what), Known
        program()
    finally:
        found.look, known.known = looked, knew
    return monitor
