"""The steps of the demonstration. Each calls the real ``zagent`` as a person would, and checks what it claims."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from zagent.errors import NotAdopted
from zagent.volume.adopt import adopt
from zagent.volume.suitable import Ask

from tests.demo.disk import LoopDisk
from tests.standin import Hub

PROMPT = ["a red fox in the snow", "--size", "256", "--seed", "7"]


class Disproved(Exception):
    """A step did not hold what it promises."""


@dataclass(frozen=True)
class Row:
    """One line of the final table."""

    step: str
    seconds: float
    hub_bytes: int
    proved: str


@dataclass
class Road:
    """One walk; ``work`` is a folder of its own, ``pictures`` is where the images are kept."""

    work: Path
    pictures: Path
    hub: Hub
    disk: LoopDisk | None
    address: str
    rows: list[Row] = field(default_factory=list)

    @property
    def data(self) -> Path:
        """The data root."""
        return self.work / "data"

    @property
    def system(self) -> Path:
        """Everything the agent keeps on the system disk: home, caches, settings."""
        return self.work / "system-disk"

    def steps(self) -> list[tuple[str, Callable[[], str]]]:
        """The names and the functions, in order; each returns what it proved."""
        return [
            ("a data disk", self.make_disk),
            ("zagent volume adopt", self.adopt),
            ("zagent pull", self.pull),
            ("zagent generate", lambda: self.generate("first.png")),
            ("system-disk reset", self.reset),
            ("stop the hub", self.stop_hub),
            ("zagent volume mount", self.mount),
            ("zagent verify", self.verify),
            ("zagent generate, again", self.generate_again),
        ]

    def walk(self) -> None:
        """Take every step, saying what each proved.

        Raises:
            Disproved: one did not hold.
        """
        for number, (name, step) in enumerate(self.steps(), 1):
            print(f"[{number}/{len(self.steps())}] {name} …", flush=True)
            began, bytes_before = time.monotonic(), self.hub.body_bytes
            proved = step()
            row = Row(name, time.monotonic() - began, self.hub.body_bytes - bytes_before, proved)
            self.rows.append(row)
            print(f"      {proved}", flush=True)

    def make_disk(self) -> str:
        """A blank disk, mounted, apart from the system disk."""
        self.system.mkdir()
        if self.disk is None:
            self.data.mkdir()
            return "no disk of its own here: a folder stands in for it"
        self.disk.make()
        return f"XFS on {self.disk.device}, mounted at {self.data}"

    def adopt(self) -> str:
        """The root is proved by its marker from now on."""
        if self.disk is None:
            adopt(self.data, Ask(system_disk=True, minimum_free=0))  # the command wants room for the real weights
            return "a folder of the system disk, as `zagent volume adopt --system-disk` takes it"
        self.zagent("volume", "adopt", str(self.data))
        return "the disk was looked at, and marked once"

    def pull(self) -> str:
        """Weights arrive over HTTP, hashed and recorded."""
        return self.zagent("pull").splitlines()[-1]

    def generate(self, name: str) -> str:
        """An image is made."""
        self.zagent("generate", *PROMPT, "--overwrite", "-o", str(self.pictures / name))
        return f"{self.pictures / name}"

    def reset(self) -> str:
        """Take away what a system-disk reset takes: home, caches, settings, and the mount."""
        shutil.rmtree(self.system)
        self.system.mkdir()
        if self.disk is None:
            return "home, caches and settings are gone"
        self.disk.unmount()
        refused = self.zagent("generate", *PROMPT, expect=NotAdopted.exit_code)
        print(f"      {refused.splitlines()[0]}")
        return "home, caches, settings and the mount are gone; zagent refuses to write"

    def stop_hub(self) -> str:
        """From here on not one byte can be downloaded."""
        self.hub.stop()
        try:
            urlopen(self.address, timeout=5)
        except URLError as error:
            return f"{self.address} no longer answers: {error.reason}"
        raise Disproved(f"{self.address} still answers")

    def mount(self) -> str:
        """The volume is found by its marker alone."""
        if self.disk is None:
            return "nothing to mount: the folder stayed"
        return self.zagent("volume", "mount").strip()

    def verify(self) -> str:
        """Every byte is still what the hub's listing said."""
        return self.zagent("verify").splitlines()[-1]

    def generate_again(self) -> str:
        """The same picture, without a hub."""
        self.generate("second.png")
        first, second = (self._pixels(name) for name in ("first.png", "second.png"))
        if first != second:
            raise Disproved("the second picture differs from the first")
        return f"{self.pictures / 'second.png'}: every pixel equal, 0 bytes downloaded"

    def _pixels(self, name: str) -> bytes:
        from PIL import Image

        with Image.open(self.pictures / name) as image:
            return image.tobytes()

    def zagent(self, *words: str, expect: int = 0) -> str:
        """Run the command; returns what it printed, or its error text where one is expected.

        Raises:
            Disproved: another exit code.
        """
        print(f"      $ zagent {shlex.join(words)}", flush=True)
        command = [sys.executable, "-m", "zagent", *words]
        done = subprocess.run(command, env=self._environment(), capture_output=True, text=True, check=False)
        if done.returncode != expect:
            raise Disproved(f"`zagent {shlex.join(words)}` ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout if expect == 0 else done.stderr

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        ours = {"HOME": str(self.system), "ZAGENT_DATA_ROOT": str(self.data), "MODELSCOPE_ENDPOINT": self.address}
        return {**kept, **ours, "OMP_NUM_THREADS": "1"}
