"""`python -m tests.localcloud.bridge [ENGINE]`: what the engine starts as ``pulumi-resource-aws``.

It prints the port it serves on, and ends with the provider it started: at once and quietly when it is interrupted, or
when the engine that started it has ended.
"""

from __future__ import annotations

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import grpc
from pulumi.runtime.proto.provider_pb2_grpc import add_ResourceProviderServicer_to_server

from tests.localcloud.bridge import binary
from tests.localcloud.bridge.client import UNLIMITED, Client
from tests.localcloud.bridge.log import Log
from tests.localcloud.bridge.process import ProviderProcess
from tests.localcloud.bridge.server import Bridge
from tests.localcloud.serving import until_orphaned

WORKERS: Final = 64
"""Operations at a time: most of them wait for AWS."""


def serve(process: ProviderProcess, address: str) -> tuple[Any, int]:
    """A started server in front of a provider, and its port on 127.0.0.1; the engine listens at ``address``, if any."""
    server = grpc.server(ThreadPoolExecutor(WORKERS), options=UNLIMITED)
    add_ResourceProviderServicer_to_server(Bridge(Client(process), Log(address)), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def main() -> None:
    """Serve until interrupted, or until the engine has ended."""
    engine = os.getppid()
    try:
        process = ProviderProcess(binary.find())
    except binary.ProviderMissing as missing:
        sys.exit(str(missing))

    def end(*_: object) -> None:
        process.end()
        # A plug-in that takes its time to end holds the engine up for seconds.
        os._exit(0)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    server, port = serve(process, address=sys.argv[-1] if len(sys.argv) > 1 else "")
    print(port, flush=True)
    until_orphaned(server, engine)
    end()


if __name__ == "__main__":
    main()
