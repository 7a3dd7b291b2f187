"""A request that comes again is answered as it was: AWS's SDKs repeat one whose answer did not reach them.

On a busy machine a connection is lost now and then when all was done already, and what adds something (a rule to a
security group, say) would be refused the second time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

INVOCATION = "HTTP_AMZ_SDK_INVOCATION_ID"
"""Another one for each call of an SDK, and the same in all tries of one (Smithy's retry behaviour, of all of them)."""

KEPT = 1000
"""Answers; a try follows the one before within seconds."""


@dataclass
class Invocation:
    """Its tries wait for each other; ``answer`` is that of the one that succeeded."""

    lock: Lock = field(default_factory=Lock)
    answer: Response | None = None


class Once:
    """Passes the requests of an invocation on until one has succeeded."""

    def __init__(self, application: WSGIApplication) -> None:
        """In front of ``application``."""
        self._application = application
        self._lock = Lock()
        self._known: dict[str, Invocation] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The answer of an earlier try that succeeded, else of the application."""
        if INVOCATION not in environ:
            return self._application(environ, start_response)
        one = self._invocation(environ[INVOCATION])
        with one.lock:
            answer = one.answer or Response.from_app(self._application, environ, buffered=True)
            if answer.status_code < 300:
                one.answer = answer
        return answer(environ, start_response)

    def _invocation(self, name: str) -> Invocation:
        with self._lock:
            while len(self._known) > KEPT:
                del self._known[next(iter(self._known))]
            return self._known.setdefault(name, Invocation())
