"""This machine as a host, with a loop device that has a serial number; nothing else is pretended."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from infra.bootstrap.permission import Record
from infra.bootstrap.ssh.host import COMMAND_PATIENCE, OnLine, Ran

LSBLK = """#!{python}
import json, subprocess, sys
DEVICE, SERIAL = "{device}", "{serial}"
out = subprocess.run(["{real}", *sys.argv[1:]], capture_output=True, text=True)
if out.stdout.startswith("{{"):
    found = json.loads(out.stdout)
    for one in found["blockdevices"]:
        one["serial"] = SERIAL if one["path"] == DEVICE else one["serial"]
    print(json.dumps(found))
elif sys.argv[1:] == ["-dnro", "PATH,SERIAL"]:
    print(out.stdout, end="")
    print(DEVICE, SERIAL)
elif sys.argv[1:] == ["-dnro", "SERIAL", DEVICE]:
    print(SERIAL)
else:
    print(out.stdout, end="")
sys.exit(out.returncode)
"""
"""A loop device has no serial number, so lsblk is given one to tell; every other word is its own."""


class Beside:
    """A process that has printed a line and reads its input."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        self._process, self.line = process, process.stdout.readline().strip()

    def close(self) -> None:
        """End its input, and wait for it."""
        self._process.communicate()


@dataclass
class LocalHost:
    """Runs commands here; ``before`` is called with each one, so that a test can meddle."""

    tools: Path
    before: Callable[[Sequence[str]], None] = lambda words: None
    commands: list[list[str]] = field(default_factory=list)
    address: str = "root@here"

    def run(self, words: Sequence[str], *, on_line: OnLine | None = None, patience: float = COMMAND_PATIENCE) -> Ran:
        """Run it."""
        self.before(words)
        self.commands.append(list(words))
        environment = {**os.environ, "PATH": f"{self.tools}:{os.environ['PATH']}"}
        done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=patience, check=False)
        if on_line:
            for line in (done.stderr + done.stdout).splitlines():
                on_line(line)
        return Ran(done.returncode, done.stdout, done.stderr)

    def hold(self, words: Sequence[str]) -> Beside:
        """Run it beside what follows."""
        return Beside(subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))

    def put(self, content: bytes | Path, path: str, mode: int, owner: str = "root:root") -> None:
        """Write it."""
        Path(path).write_bytes(content if isinstance(content, bytes) else content.read_bytes())
        Path(path).chmod(mode)

    def give(self, program: str, text: str = "exit 0") -> None:
        """Put a shell script in the place of a program."""
        (self.tools / program).write_text(f"#!/bin/sh\n{text}\n")
        (self.tools / program).chmod(0o755)

    def give_serial(self, device: str, serial: str) -> None:
        """Let lsblk tell a serial number for a device."""
        import shutil

        real = shutil.which("lsblk")
        wrapper = self.tools / "lsblk"
        wrapper.write_text(LSBLK.format(python=sys.executable, device=device, serial=serial, real=real))
        wrapper.chmod(0o755)


@dataclass
class Noted:
    """A permission in memory that remembers what was noted and in which order."""

    record: Record
    notes: list[str] = field(default_factory=list)

    def read(self) -> Record:
        """As it is now."""
        return self.record

    def begin(self, uuid: str) -> None:
        """Remember."""
        self.notes.append(f"formatting:{uuid}")
        self.record = replace(self.record, phase="formatting", uuid=uuid)

    def finish(self, uuid: str) -> None:
        """Remember."""
        self.notes.append(f"done:{uuid}")
        self.record = replace(self.record, phase="done", uuid=uuid)
