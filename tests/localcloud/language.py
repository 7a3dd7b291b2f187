"""`pulumi-language-python`: runs Pulumi programs and policy packs with this clone's Python environment.

The official one comes with the official CLI and can't be had from a package registry. The Python SDK carries the part
that talks to the engine (``pulumi.automation._server``, made for programs given as functions); what is added here is
where the program lies and how the process starts and ends. The engine starts it for each run, with the shell's
environment and folder, reads the port from the first line of its output, and interrupts it when the run is over.
"""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2 as messages
from pulumi.runtime.proto.language_pb2_grpc import add_LanguageRuntimeServicer_to_server

from tests.localcloud.serving import until_orphaned

MAX_MESSAGE_BYTES = 400 * 1024 * 1024
"""What the SDK allows for its own servers; gRPC's default of 4 MiB is less than a big stack's configuration."""


class Python(LanguageServer):
    """The SDK's server, for a program in a folder instead of a function."""

    def __init__(self) -> None:
        super().__init__(lambda: None)

    def Handshake(  # noqa: N802
        self, request: messages.LanguageHandshakeRequest, context: grpc.ServicerContext
    ) -> messages.LanguageHandshakeResponse:
        """Say that this is a language runtime."""
        return messages.LanguageHandshakeResponse()

    def Run(  # noqa: N802
        self, request: messages.RunRequest, context: grpc.ServicerContext
    ) -> messages.RunResponse:
        """Run the program once, as ``__main__`` in its own folder; an error has been logged, with its traceback."""
        folder = Path(request.info.program_directory)
        # `main:` may name a folder, whose entry point is "." and whose __main__.py is run, or a file in one.
        entry = folder / (request.info.entry_point or ".")

        def program() -> None:
            os.chdir(folder)
            runpy.run_path(str(entry), run_name="__main__")

        self.program = program
        # The SDK has logged the error; in the response it would be shown a second time.
        return messages.RunResponse(bail=bool(super().Run(request, context).error))  # type: ignore[no-untyped-call]

    def RunPlugin(  # noqa: N802
        self, request: messages.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[messages.RunPluginResponse]:
        """Run a policy pack, in a process and in the folder of its own, until the engine needs it no more."""
        if request.kind != "analyzer":
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"the local cloud runs no {request.kind} plug-ins of Python")
        folder = request.info.program_directory
        pack = subprocess.Popen(
            [sys.executable, "-I", "-u", "-m", "tests.localcloud.policy", *request.args, folder],
            cwd=folder,
            env=os.environ | dict(one.split("=", 1) for one in request.env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,  # its port; what it has to say to people goes to standard error, which is shared
        )
        with pack:
            if not context.add_callback(pack.terminate):
                pack.terminate()
            assert pack.stdout is not None
            yield from (messages.RunPluginResponse(stdout=line) for line in pack.stdout)
        yield messages.RunPluginResponse(exitcode=pack.returncode)


def exit_at_once(*_: Any) -> None:
    """End the process here and now: the engine waits 5 s for a plug-in that lingers, and has all it asked for."""
    os._exit(0)


def main() -> None:
    """Serve on a free loopback port until the engine interrupts, or has ended."""
    engine = os.getppid()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, exit_at_once)
    limits = [
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ]
    # The program and each pack take a thread for as long as they run.
    server = grpc.server(ThreadPoolExecutor(max_workers=16), options=limits)
    add_LanguageRuntimeServicer_to_server(Python(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    until_orphaned(server, engine)
    exit_at_once()


if __name__ == "__main__":
    main()
