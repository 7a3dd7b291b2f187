"""The calls of Terraform's plug-in protocol, with plain values instead of messages."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final

import grpc

from tests.localcloud.bridge import cty
from tests.localcloud.bridge.process import ProviderFailed, ProviderProcess

PROTO: Final = "tests/localcloud/bridge/tfplugin5.proto"
UNLIMITED: Final = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
TERRAFORM: Final = "1.11.4"
"""The Terraform that the provider is told it works for; it only shows in the provider's user agent."""

_NAMED: Final = re.compile(r"\w+(?:\.\d+\.\w+)+")

Steps = tuple[str | int, ...]
"""A path in a value, by Terraform's names: attributes, map keys and positions."""


@dataclass(frozen=True)
class Diagnostic:
    """What the provider has to say of a request."""

    is_error: bool
    summary: str
    detail: str
    path: Steps

    @property
    def text(self) -> str:
        """Summary and detail, as one."""
        return f"{self.summary}: {self.detail}" if self.detail else self.summary


@dataclass(frozen=True)
class State:
    """A resource as the provider knows it: its value (None: there is none), and the provider's own notes on it."""

    value: Any
    private: bytes = b""


@dataclass(frozen=True)
class Plan:
    """What the provider would make of a change, and the paths whose change it can only make by replacement."""

    planned: State
    replaces: tuple[Steps, ...]


@lru_cache(maxsize=1)
def _generated() -> tuple[Any, Any]:
    """The messages and the stub, made from the protocol's text, so that no generated code is kept."""
    messages, services = grpc.protos_and_services(PROTO)
    return messages, services


class Client:
    """A connection to a running provider.

    Every call raises ProviderFailed when the provider has ended.
    """

    def __init__(self, process: ProviderProcess) -> None:
        self._process = process
        self.version = process.version

    @cached_property
    def schemas(self) -> Any:
        """The answer to GetSchema: ``provider``, ``resource_schemas`` and ``data_source_schemas``."""
        return self._call("GetSchema", "GetProviderSchema")

    def prepare(self, config: Any) -> list[Diagnostic]:
        """Have the provider's own configuration validated."""
        return _diagnostics(self._call("PrepareProviderConfig", config=_value(config)))

    def configure(self, config: Any) -> list[Diagnostic]:
        """Configure the provider, once."""
        return _diagnostics(self._call("Configure", terraform_version=TERRAFORM, config=_value(config)))

    def validate(self, kind: str, config: Any) -> list[Diagnostic]:
        """Have a resource's configuration validated."""
        return _diagnostics(self._call("ValidateResourceTypeConfig", type_name=kind, config=_value(config)))

    def validate_data(self, kind: str, config: Any) -> list[Diagnostic]:
        """Have a data source's configuration validated."""
        return _diagnostics(self._call("ValidateDataSourceConfig", type_name=kind, config=_value(config)))

    def plan(self, kind: str, prior: State, proposed: Any, config: Any) -> tuple[Plan, list[Diagnostic]]:
        """Ask what a change would do; ``proposed`` and ``config`` None mean deletion."""
        values = {"prior_state": _value(prior.value), "proposed_new_state": _value(proposed), "config": _value(config)}
        answer = self._call("PlanResourceChange", type_name=kind, prior_private=prior.private, **values)
        planned = State(_python(answer.planned_state), answer.planned_private)
        return Plan(planned, tuple(map(_steps, answer.requires_replace))), _diagnostics(answer)

    def apply(self, kind: str, prior: State, planned: State, config: Any) -> tuple[State, list[Diagnostic]]:
        """Make a planned change; the state is what there is afterwards, also when there are errors."""
        values = {"prior_state": _value(prior.value), "planned_state": _value(planned.value), "config": _value(config)}
        answer = self._call("ApplyResourceChange", type_name=kind, planned_private=planned.private, **values)
        return State(_python(answer.new_state), answer.private), _diagnostics(answer)

    def read(self, kind: str, state: State) -> tuple[State, list[Diagnostic]]:
        """Look at a resource again."""
        value = _value(state.value)
        answer = self._call("ReadResource", type_name=kind, current_state=value, private=state.private)
        return State(_python(answer.new_state), answer.private), _diagnostics(answer)

    def import_state(self, kind: str, identity: str) -> tuple[State, list[Diagnostic]]:
        """What the provider can tell of a resource by its id, without having looked."""
        answer = self._call("ImportResourceState", type_name=kind, id=identity)
        found = [State(_python(one.state), one.private) for one in answer.imported_resources if one.type_name == kind]
        return found[0] if found else State(None), _diagnostics(answer)

    def read_data(self, kind: str, config: Any) -> tuple[Any, list[Diagnostic]]:
        """Ask a data source."""
        answer = self._call("ReadDataSource", type_name=kind, config=_value(config))
        return _python(answer.state), _diagnostics(answer)

    def stop(self) -> None:
        """Have the provider give up what it is waiting for; the waiting calls answer with errors."""
        self._call("Stop")

    @cached_property
    def _stub(self) -> Any:
        _, services = _generated()
        return services.ProviderStub(grpc.insecure_channel(self._process.address, options=UNLIMITED))

    def _call(self, method: str, message: str | None = None, **fields: Any) -> Any:
        messages, _ = _generated()
        request = getattr(messages, message or method).Request(**fields)
        call: Callable[[Any], Any] = getattr(self._stub, method)
        try:
            return call(request)
        except grpc.RpcError as error:
            raise ProviderFailed(
                f"{method} of the AWS provider failed: {error}; {self._process.last_words()}"
            ) from error


def _value(value: Any) -> Any:
    return _generated()[0].DynamicValue(msgpack=cty.pack(value))


def _python(value: Any) -> Any:
    return cty.unpack(value.msgpack) if value.msgpack else None


def _diagnostics(answer: Any) -> list[Diagnostic]:
    return [Diagnostic(one.severity == 1, one.summary, one.detail, _about(one)) for one in answer.diagnostics]


def _about(diagnostic: Any) -> Steps:
    """The path that a diagnostic is about.

    In a block, its last step may be a neighbour's: the provider's SDK lets paths share memory. The text has the right
    one, as ``schedule.0.retain_rule.0.interval``.
    """
    steps = _steps(diagnostic.attribute)
    found = _NAMED.search(diagnostic.summary)
    named = tuple(int(step) if step.isdigit() else step for step in found[0].split(".")) if found else ()
    return named if len(named) == len(steps) and named[:-1] == steps[:-1] else steps


def _steps(path: Any) -> Steps:
    return tuple(_selected(step) for step in path.steps)


def _selected(step: Any) -> str | int:
    selected: str | int = getattr(step, step.WhichOneof("selector"))
    return selected
