"""Making the cloud while the agent's part of the demonstration runs."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.demo.road import Disproved
from tests.localcloud.local import LocalCloud

PATIENCE = 20.0
"""Seconds between two signs of life."""


class SetUp:
    """`scripts/localcloud start` in the background, its lines passed on as they come."""

    def __init__(self, state: Path) -> None:
        self.cloud = LocalCloud(state)
        self.seconds = 0.0
        self._state = state
        self._running: subprocess.Popen[str] | None = None
        self._relay = threading.Thread(target=self._pass_on, daemon=True)

    def begin(self) -> None:
        """Start making it."""
        words = [sys.executable, "-m", "tests.localcloud", "start", "--state", str(self._state)]
        # A session of its own: an interrupt reaches it through end(), once, and not its compilers from the terminal.
        self._running = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1, start_new_session=True
        )
        self._began = time.monotonic()
        self._relay.start()

    def wait(self) -> LocalCloud:
        """The cloud, once it answers.

        Raises:
            Disproved: it could not be made.
        """
        assert self._running is not None
        while self._relay.is_alive():
            print(f"waiting for the set-up, {time.monotonic() - self._began:.0f} s so far …", flush=True)
            self._relay.join(PATIENCE)
        if self._running.wait():
            raise Disproved("the local cloud did not start; its own words are above")
        return self.cloud

    def _pass_on(self) -> None:
        assert self._running is not None
        assert self._running.stdout is not None
        for line in self._running.stdout:
            print(f"  (set-up) {line.rstrip()}", flush=True)
        self.seconds = time.monotonic() - self._began

    def end(self) -> None:
        """Stop whatever of it runs."""
        if self._running and self._running.poll() is None:
            self._running.terminate()
            self._running.wait()
        self.cloud.stop()

    def leave(self) -> None:
        """Say how to go on with what is left running, and how to end it."""
        option = f"--state {self._state}"
        print(f'The cloud still runs. Here: eval "$(scripts/localcloud env {option})"; pulumi stack select drill')
        print(f"To end it: scripts/localcloud stop {option}; rm -r {self._state.parent}; rm Pulumi.drill.yaml")
