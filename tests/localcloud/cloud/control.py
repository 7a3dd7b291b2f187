"""The daemon's own port on the loopback: GET tells what there is, POST orders a fault. JSON both ways."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from moto.core.exceptions import ServiceException

from tests.localcloud.cloud import orders
from tests.localcloud.cloud.status import status
from tests.localcloud.errors import LocalCloudError
from tests.localcloud.serving import answering


@contextmanager
def served(hub_bytes: Callable[[], int]) -> Iterator[int]:
    """The port on 127.0.0.1, for the length of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200, asdict(status(hub_bytes())))

        def do_POST(self) -> None:
            """An order is ``{"order": name, …its arguments}``; what can't be done is answered with the reason."""
            try:
                given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self._answer(200, {"done": orders.carry_out(**given)})
            except (LocalCloudError, OSError, ServiceException, TypeError, ValueError) as error:
                self._answer(400, {"reason": str(error)})

        def _answer(self, code: int, told: dict[str, Any]) -> None:
            body = json.dumps(told).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Polling is not worth a line each."""

    with answering(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield port
