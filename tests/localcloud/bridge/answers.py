"""Pulumi's messages made of what the operations return, and errors as the engine wants them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any, Final, TypeVar

import grpc
from pulumi.runtime.proto import provider_pb2 as messages
from pulumi.runtime.proto import status_pb2

from tests.localcloud.bridge.catalog import NotServed
from tests.localcloud.bridge.changes import Change
from tests.localcloud.bridge.paths import written
from tests.localcloud.bridge.process import ProviderFailed
from tests.localcloud.bridge.resource import Halfway
from tests.localcloud.bridge.served import Problem, Refused
from tests.localcloud.bridge.values import Misfit, message, opened

Kind = messages.PropertyDiff
KINDS: Final[Mapping[tuple[str, bool], Any]] = {
    ("add", False): Kind.ADD,
    ("add", True): Kind.ADD_REPLACE,
    ("delete", False): Kind.DELETE,
    ("delete", True): Kind.DELETE_REPLACE,
    ("update", False): Kind.UPDATE,
    ("update", True): Kind.UPDATE_REPLACE,
}

Method = TypeVar("Method", bound=Callable[..., Any])


def failures(problems: Iterable[Problem]) -> list[messages.CheckFailure]:
    """What is wrong with inputs or arguments."""
    return [messages.CheckFailure(property=written(path), reason=reason) for path, reason in problems]


def difference(changes: Sequence[Change], tainted: bool, named: bool) -> messages.DiffResponse:
    """What would change; a tainted resource is replaced although nothing else changes.

    One that the program ``named`` is deleted before its replacement is made, which has the same name.
    """
    detailed = {written(one.path): Kind(kind=KINDS[one.kind, one.replaces]) for one in changes}
    replaces = {str(one.path[0]) for one in changes if one.replaces} | ({"id"} if tainted else set())
    some = bool(detailed) or tainted
    return messages.DiffResponse(
        changes=messages.DiffResponse.DIFF_SOME if some else messages.DiffResponse.DIFF_NONE,
        diffs=sorted({str(one.path[0]) for one in changes} | replaces),
        replaces=sorted(replaces),
        detailedDiff=detailed,
        hasDetailedDiff=bool(detailed),
        deleteBeforeReplace=bool(replaces) and named,
    )


def explained(method: Method) -> Method:
    """Answer the errors of an operation as the engine shows them: their message alone, no traceback."""

    @wraps(method)
    def answer(self: Any, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except Halfway as error:
            context.set_trailing_metadata([("grpc-status-details-bin", _details(error))])
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except (Misfit, NotServed, ProviderFailed, Refused) as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))

    return answer  # type: ignore[return-value]


def _details(error: Halfway) -> bytes:
    """The resource that is left there, where the engine looks for it: it then keeps it in the stack's state."""
    left = messages.ErrorResourceInitFailed(
        id=str(opened(error.outputs.get("id")) or ""), properties=message(error.outputs), reasons=[str(error)]
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
    status.details.add().Pack(left)
    return bytes(status.SerializeToString())
