"""What the daemon tells about itself, as JSON on a loopback port of its own."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from moto.ec2.models.elastic_block_store import Volume

from tests.localcloud.cloud.api import ec2


@dataclass(frozen=True)
class Host:
    """An instance that is not terminated. ``address`` is empty and ``running`` false where there are no machines."""

    id: str
    state: str
    address: str
    running: bool


@dataclass(frozen=True)
class VolumeStatus:
    """A volume, its size in GiB, and where it is attached, or nothing."""

    id: str
    size_gib: int
    zone: str
    state: str
    instance: str


@dataclass(frozen=True)
class Status:
    """What there is; ``hub_bytes`` are the bytes of model files that the hub has sent since the start."""

    hub_bytes: int
    hosts: list[Host]
    volumes: list[VolumeStatus]


def status(hub_bytes: int) -> Status:
    """What the API has now, in the default region."""
    return Status(hub_bytes, _hosts(), _volumes())


def _hosts() -> list[Host]:
    backend = ec2()
    return [
        Host(one.id, one.state, backend.machine_addresses.get(one.id, ""), backend.machines.running(one.id))
        for one in backend.all_instances()
        if one.state != "terminated"
    ]


def _volumes() -> list[VolumeStatus]:
    return [
        VolumeStatus(one.id, one.size, one.availability_zone or "", one.status, _instance(one))
        for one in ec2().describe_volumes()
    ]


def _instance(volume: Volume) -> str:
    return volume.attachment.instance_id if volume.attachment else ""


@contextmanager
def served(hub_bytes: Callable[[], int]) -> Iterator[int]:
    """The port on 127.0.0.1 that answers GET with the status, for the length of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(asdict(status(hub_bytes()))).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Polling is not worth a line each."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()
