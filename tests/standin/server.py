"""HTTP server of the stand-in hub: the three calls that a client of the real hub makes."""

from __future__ import annotations

import contextlib
import hmac
import json
import socket
import socketserver
import sys
import threading
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from tests.standin.content import RepoFile
from tests.standin.faults import LISTING, Drop, Fault, FaultTable, NoRange, ShortBody, Slow, Status
from tests.standin.rate import TokenBucket
from tests.standin.repository import Repository, failure, success
from tests.standin.requestlog import Request, RequestLog
from tests.standin.transfer import Span, Transfer, parse_range

_PARAMETERS: Final = ("Revision", "FilePath", "Root", "Recursive")


@dataclass
class Site:
    """Everything that the requests of one hub share."""

    repository: Repository
    token: str | None
    bucket: TokenBucket | None
    faults: FaultTable = field(default_factory=FaultTable)
    log: RequestLog = field(default_factory=RequestLog)
    stopping: threading.Event = field(default_factory=threading.Event)


class Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection."""

    protocol_version = "HTTP/1.1"
    # Headers and body leave in two writes; without this the second waits for a delayed ACK.
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        """Answer a GET or a HEAD request."""
        self._record = self._new_record()
        self.server.site.log.add(self._record)
        if not self._is_allowed():
            self._send_failure(401, "a valid token is needed")
            return
        base = f"/api/v1/models/{self.server.site.repository.repo}"
        match self._record.path.removeprefix(base):
            case "/api/v1/repos/internalAccelerationInfo":
                self._send_json(200, success({}))
            case "" if self._record.path == base:
                self._send_json(200, self.server.site.repository.info())
            case "/repo/files":
                self._answer_listing()
            case "/repo":
                self._answer_file()
            case _:
                self._send_failure(404, "no such repository")

    def do_HEAD(self) -> None:
        """Answer like do_GET, without bodies."""
        self.do_GET()

    def do_POST(self) -> None:
        """Log and refuse a request that would change the hub."""
        self._record = self._new_record()
        self.server.site.log.add(self._record)
        # The request's body is not read, so the connection cannot be used again.
        self.close_connection = True
        self._send_failure(405, "the stand-in hub is read-only")

    def do_PUT(self) -> None:
        """Refuse like do_POST."""
        self.do_POST()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base
        """Print nothing: tests read the request log instead."""

    def _new_record(self) -> Request:
        url = urlsplit(self.path)
        query = {key: value for key, value in parse_qsl(url.query) if key in _PARAMETERS}
        return Request(self.command, url.path, query, self.headers.get("Range"), with_token=bool(self._tokens()))

    def _tokens(self) -> list[str]:
        bearer = self.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        with contextlib.suppress(CookieError):
            cookie = SimpleCookie(self.headers.get("Cookie", "")).get("m_session_id")
            return [token for token in (bearer, cookie.value if cookie else "") if token]
        return [bearer] if bearer else []

    def _is_allowed(self) -> bool:
        wanted = self.server.site.token
        if wanted is None:
            return True
        return any(hmac.compare_digest(token.encode(), wanted.encode()) for token in self._tokens())

    def _answer_listing(self) -> None:
        if self._shows_fault(self.server.site.faults.take(LISTING)):
            return
        query, repository = self._record.query, self.server.site.repository
        recursive = query.get("Recursive", "").lower() == "true"
        listing = None
        if repository.has_revision(query.get("Revision")):
            listing = repository.listing(query.get("Root", "").strip("/"), recursive)
        if listing is None:
            self._send_failure(404, "no such revision or folder")
        else:
            self._send_json(200, listing)

    def _answer_file(self) -> None:
        site, path = self.server.site, self._record.file or ""
        file = site.repository.files.get(path)
        if file is None or not site.repository.has_revision(self._record.query.get("Revision")):
            self._send_failure(404, "no such revision or file")
            return
        fault = site.faults.take(path)
        if not self._shows_fault(fault):
            self._send_file(file, fault)

    def _shows_fault(self, fault: Fault | None) -> bool:
        match fault:
            case Status(code=code):
                self._send_failure(code, "the stand-in hub was told to fail")
            case Drop():
                self.close_connection = True
            case _:
                return False
        return True

    def _send_file(self, file: RepoFile, fault: Fault | None) -> None:
        size = max(0, file.size - fault.missing) if isinstance(fault, ShortBody) else file.size
        asked = None if isinstance(fault, NoRange) else parse_range(self._record.range, size)
        span = asked or Span(0, size)
        if asked is not None and span.start >= span.stop:
            self._send_head(416, 0, {"Content-Range": f"bytes */{size}"})
            return
        headers = {"Content-Type": "application/octet-stream", "Accept-Ranges": "bytes"}
        if asked is not None:
            headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{size}"
        if self.server.site.repository.linked_etag:
            headers["X-Linked-ETag"] = f'"{file.sha256}"'
        self._send_head(206 if asked else 200, span.stop - span.start, headers)
        if self.command != "HEAD":
            self._send_body(file, span, fault)

    def _send_body(self, file: RepoFile, span: Span, fault: Fault | None) -> None:
        site = self.server.site
        buckets = [site.bucket] if site.bucket else []
        if isinstance(fault, Slow):
            buckets.append(TokenBucket(fault.rate))
        with file.opened() as source:
            transfer = Transfer(source, self.connection, self._record, buckets, site.stopping)
            if not transfer.send(span, fault):
                self.close_connection = True

    def _send_failure(self, status: int, message: str) -> None:
        self._send_json(status, failure(status, message))

    def _send_json(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self._send_head(status, len(data), {"Content-Type": "application/json"})
        if self.command != "HEAD":
            self.wfile.write(data)

    def _send_head(self, status: int, length: int, headers: Mapping[str, str]) -> None:
        self._record.status = status
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


class Server(socketserver.ThreadingTCPServer):
    """One thread per connection on 127.0.0.1; port 0 leaves the choice to the OS. Raises OSError."""

    allow_reuse_address = True
    request_queue_size = 128
    daemon_threads = False  # server_close joins only threads that are not daemons

    def __init__(self, port: int, site: Site) -> None:
        self.site = site
        self.errors: list[BaseException] = []
        self._connections: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        super().__init__(("127.0.0.1", port), Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection and remember it as long as it lives."""
        connection, address = super().get_request()
        self._connections.add(connection)
        return connection, address

    def cut_connections(self) -> None:
        """Wake every thread that waits for its peer; only after the accepting loop has ended."""
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep a defect of the stand-in for its owner; clients that left are everyday life."""
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, ConnectionError):
            self.errors.append(error)
