"""Pulumi's engine, as the bridge's tests play it: its calls over gRPC, with plain values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, status_pb2
from pulumi.runtime.proto import provider_pb2 as messages
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderStub

from tests.localcloud.bridge.values import message

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Made:
    """A resource as the engine keeps it in a stack's state: its type, id, inputs and outputs."""

    kind: str
    id: str
    inputs: Values
    outputs: Values


class Engine:
    """The engine at a provider's port on 127.0.0.1.

    A call that fails raises grpc.RpcError, whose ``details()`` are what the engine shows to a person.
    """

    def __init__(self, port: int) -> None:
        self._provider = ResourceProviderStub(grpc.insecure_channel(f"127.0.0.1:{port}"))

    def version(self) -> str:
        """The plug-in's version."""
        return str(self._provider.GetPluginInfo(empty_pb2.Empty()).version)

    def check_configuration(self, values: Values) -> dict[str, str]:
        """What is wrong with the provider's configuration, by property."""
        return _reasons(self._provider.CheckConfig(messages.CheckRequest(news=message(values))))

    def configure(self, values: Values) -> None:
        """Configure the provider."""
        self._provider.Configure(messages.ConfigureRequest(args=message(values)))

    def invoke(self, token: str, arguments: Values) -> tuple[dict[str, Any], list[str]]:
        """A function's answer, and why there is none."""
        answer = self._provider.Invoke(messages.InvokeRequest(tok=token, args=message(arguments)))
        return _values(getattr(answer, "return")), [one.reason for one in answer.failures]

    def check(self, kind: str, inputs: Values, **named: Any) -> dict[str, str]:
        """What is wrong with a resource's inputs, by property."""
        request = messages.CheckRequest(type=kind, news=message(inputs), **{"name": "one", **named})
        return _reasons(self._provider.Check(request))

    def checked(self, kind: str, inputs: Values, before: Values | None = None, **named: Any) -> dict[str, Any]:
        """A resource's inputs, with what the provider adds; ``before`` are those of its last update."""
        request = messages.CheckRequest(type=kind, news=message(inputs), olds=message(before or {}), **named)
        return _values(self._provider.Check(request).inputs)

    def diff(self, made: Made, inputs: Values, ignored: Iterable[str] = ()) -> messages.DiffResponse:
        """What other inputs would change."""
        olds, news = message(made.outputs), message(inputs)
        request = messages.DiffRequest(type=made.kind, id=made.id, olds=olds, news=news, ignoreChanges=ignored)
        answer: messages.DiffResponse = self._provider.Diff(request)
        return answer

    def create(self, kind: str, inputs: Values, preview: bool = False, seconds: float = 0) -> Made:
        """Create a resource; in a preview it has no id."""
        request = messages.CreateRequest(type=kind, properties=message(inputs), preview=preview, timeout=seconds)
        answer = self._provider.Create(request)
        return Made(kind, answer.id, inputs, _values(answer.properties))

    def update(self, made: Made, inputs: Values, seconds: float = 0) -> Made:
        """Change a resource in place."""
        olds, news = message(made.outputs), message(inputs)
        request = messages.UpdateRequest(type=made.kind, id=made.id, olds=olds, news=news, timeout=seconds)
        answer = self._provider.Update(request)
        return Made(made.kind, made.id, inputs, _values(answer.properties))

    def find(self, kind: str, identity: str) -> Made:
        """Read a resource of which only the id is known, as an import does; its id is empty if there is none."""
        return self._read(messages.ReadRequest(type=kind, id=identity))

    def refresh(self, made: Made) -> Made:
        """Read a resource of the stack again; its id is empty if it is gone."""
        state, inputs = message(made.outputs), message(made.inputs)
        return self._read(messages.ReadRequest(type=made.kind, id=made.id, properties=state, inputs=inputs))

    def delete(self, made: Made, seconds: float = 0) -> None:
        """Delete a resource."""
        outputs = message(made.outputs)
        self._provider.Delete(messages.DeleteRequest(type=made.kind, id=made.id, properties=outputs, timeout=seconds))

    def cancel(self) -> None:
        """Have all that is under way given up."""
        self._provider.Cancel(empty_pb2.Empty())

    def _read(self, request: messages.ReadRequest) -> Made:
        answer = self._provider.Read(request)
        return Made(request.type, answer.id, _values(answer.inputs), _values(answer.properties))


class Log(engine_pb2_grpc.EngineServicer):
    """The engine's log; ``warnings`` are those for the person who runs it."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def Log(self, request: engine_pb2.LogRequest, context: Any) -> empty_pb2.Empty:  # noqa: N802 - the protocol's name
        """Keep a message."""
        assert request.severity == engine_pb2.WARNING
        self.warnings.append(request.message)
        return empty_pb2.Empty()


@contextmanager
def listening(log: Log) -> Iterator[str]:
    """The address that a log listens on for the length of the block."""
    server = grpc.server(ThreadPoolExecutor(1))
    engine_pb2_grpc.add_EngineServicer_to_server(log, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(grace=None).wait()


def left(error: grpc.RpcError, kind: str) -> Made:
    """What the engine keeps of a resource whose creation or change failed halfway."""
    details = dict(error.trailing_metadata())["grpc-status-details-bin"]
    found = messages.ErrorResourceInitFailed()
    assert status_pb2.Status.FromString(details).details[0].Unpack(found)
    return Made(kind, found.id, _values(found.inputs), _values(found.properties))


def _values(made: Any) -> dict[str, Any]:
    return json_format.MessageToDict(made)


def _reasons(answer: messages.CheckResponse) -> dict[str, str]:
    return {one.property: one.reason for one in answer.failures}
