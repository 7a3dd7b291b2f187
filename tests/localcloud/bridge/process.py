"""The provider as a process of ours: how it starts, where it listens, how it ends."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Final

from tests.localcloud.bridge.binary import version

COOKIE: Final = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
"""Terraform's published plug-in cookie: a provider started without it takes itself for started by hand, and ends."""

PROTOCOL: Final = "5"


class ProviderFailed(Exception):
    """The provider's process did not start, or ended; the message has its last words."""


class ProviderProcess:
    """A running provider, with a folder for its socket and what it writes to stderr.

    It is told to end when the thread that started it ends, so nothing of it outlives a bridge that was killed.
    """

    def __init__(self, binary: Path) -> None:
        self.version = ".".join(map(str, version(binary)))
        self._folder = Path(tempfile.mkdtemp(prefix="zagent-provider-"))
        self._errors = self._folder / "stderr"
        # No client certificate among the variables: then it speaks plain gRPC on a unix socket.
        ours = {
            "TF_PLUGIN_MAGIC_COOKIE": COOKIE,
            "PLUGIN_PROTOCOL_VERSIONS": PROTOCOL,
            "PLUGIN_UNIX_SOCKET_DIR": str(self._folder),
            # Not on EC2, the search for an instance's credentials only costs time.
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", str(binary)],
                env={**os.environ, **ours},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    @cached_property
    def address(self) -> str:
        """Where it listens, as gRPC has it; waits for the line ``1|5|unix|PATH|grpc|…`` that it prints when it does.

        Raises:
            ProviderFailed: it ended instead, or speaks another protocol.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        match line.strip().split("|"):
            case [_, protocol, network, path, *_] if protocol == PROTOCOL and network == "unix":
                return f"unix:{path}"
        raise ProviderFailed(f"the AWS provider did not start: it said {line.strip()!r}; {self.last_words()}")

    def last_words(self) -> str:
        """The end of what it wrote to stderr."""
        lines = self._errors.read_text(errors="replace").strip().splitlines()
        return "\n".join(lines[-20:]) or "it wrote nothing to stderr"

    def end(self) -> None:
        """End it at once; there is nothing of ours that it would have to finish."""
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
