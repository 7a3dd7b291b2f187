"""Messages to the person who runs `pulumi`, by way of the engine."""

from __future__ import annotations

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc


class Log:
    """The engine's log; each warning is shown once, however often the provider repeats it."""

    def __init__(self, engine: str) -> None:
        """Connect to the ``engine``'s address; an empty one: nobody listens."""
        self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(engine)) if engine else None
        self._said: set[tuple[str, str]] = set()

    def warn(self, urn: str, text: str) -> None:
        """Show a warning beside a resource, or beside none where the URN is empty."""
        if self._stub is None or (urn, text) in self._said:
            return
        self._said.add((urn, text))
        self._stub.Log(engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=text, urn=urn))
