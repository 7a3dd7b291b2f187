"""A local cloud, from outside: start it, use it, stop it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from tests.localcloud import parts, plugins, shell
from tests.localcloud.errors import LocalCloudError
from tests.localcloud.hosts import fleet
from tests.localcloud.parts import Progress, silent
from tests.localcloud.state import REPOSITORY, Record, State

START_SECONDS = 240
"""How long the daemon may take to answer; two are usual, more if a killed one left machines to shut down."""

MOTO = {
    "MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION": "true",
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",  # AWS's own; they cost the first call 0.1 s
}
"""Where moto is not like AWS unless told so; it reads these when it is imported, or begins to serve."""


@dataclass(frozen=True)
class LocalCloud:
    """The cloud in a folder; as a context manager it runs for the length of the block. ``hosts``: with machines."""

    folder: Path
    hosts: bool = True

    @property
    def state(self) -> State:
        """The paths in the folder."""
        return State(self.folder)

    def start(self, progress: Progress = silent) -> None:
        """Make what is missing, and return when the API answers; nothing happens to a cloud that runs.

        Raises:
            LocalCloudError: a part can't be had, or the folder holds something else, or the daemon did not start.
        """
        if self.state.running():
            return
        self.state.create()
        plugins.install(self.state, parts.prepare(self.hosts, progress))
        self._wait_for(self._spawn())

    def _spawn(self) -> subprocess.Popen[bytes]:
        hosts = [] if self.hosts else ["--no-hosts"]
        with self.state.log.open("w") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.localcloud", "serve", "--state", self.folder, *hosts],
                cwd=REPOSITORY,
                env=os.environ | MOTO,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # so that Ctrl-C in the shell that started it does not reach it
            )

    def _wait_for(self, daemon: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.state.running():
            if daemon.poll() is not None or time.monotonic() > deadline:
                daemon.kill()
                raise LocalCloudError(f"The daemon did not start:\n{self.state.log.read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End the daemon and the machines, also those that a killed daemon left; volumes and stacks stay."""
        if record := self.state.running():
            record.process.end()
        self.state.record.unlink(missing_ok=True)
        fleet.remove_all(self.state.hosts)  # the API has forgotten them with its daemon

    def reset(self) -> None:
        """Stop, and remove the folder. Raises LocalCloudError if it is not a local cloud's."""
        if self.state.ours:
            self.stop()
        self.state.remove()

    def environment(self) -> Mapping[str, str]:
        """The variables that make plain ``pulumi`` and boto3 work on this cloud.

        The keys are no account's: whatever strays to AWS itself is refused there.

        Raises:
            LocalCloudError: it does not run.
        """
        return shell.environment(self.state, self._record().endpoint, os.environ["PATH"])

    def status(self) -> dict[str, Any]:
        """What the daemon tells: ``control.Status``, and the URLs of the API and the hub.

        Raises:
            LocalCloudError: it does not run.
        """
        record = self._record()
        return {"endpoint": record.endpoint, "hub": f"http://127.0.0.1:{record.hub_port}", **_asked(record)}

    def order(self, order: str, **arguments: Any) -> str:
        """Have it fail in a way of ``cloud.orders``; what was done.

        Raises:
            LocalCloudError: it does not run, or can't do that.
        """
        done: str = _asked(self._record(), {"order": order, **arguments})["done"]
        return done

    def hub_bytes(self) -> int:
        """The bytes of model files that the hub has sent since the start."""
        sent: int = self.status()["hub_bytes"]
        return sent

    def _record(self) -> Record:
        if record := self.state.running():
            return record
        raise LocalCloudError(f"No local cloud runs in {self.folder}: start it with scripts/localcloud start.")

    def __enter__(self) -> LocalCloud:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


def _asked(record: Record, order: dict[str, Any] | None = None) -> dict[str, Any]:
    """The daemon's answer, to an order or to the question what there is."""
    body = None if order is None else json.dumps(order).encode()
    try:
        with urlopen(f"http://127.0.0.1:{record.control_port}/", data=body, timeout=60) as answer:
            told: dict[str, Any] = json.load(answer)
    except HTTPError as error:
        raise LocalCloudError(json.load(error)["reason"]) from error
    return told
