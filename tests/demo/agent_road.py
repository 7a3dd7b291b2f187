"""The agent's half of the promise, on this machine: a disk, weights, a reset, the same picture with no hub."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from zagent.errors import NotAdopted
from zagent.volume.adopt import adopt
from zagent.volume.suitable import Ask

from tests.demo.disk import LoopDisk
from tests.demo.road import PROMPT, Disproved, Road, Step, same_pixels
from tests.standin import Hub

ZAGENT = (sys.executable, "-m", "zagent")
GENERATE = ("generate", PROMPT, "--size", "256", "--seed", "7")


@dataclass(kw_only=True)
class AgentRoad(Road):
    """The real ``zagent`` as a person calls it; ``data`` is the data root, ``system`` goes with the system disk."""

    data: Path
    system: Path
    hub: Hub
    address: str
    disk: LoopDisk | None

    def steps(self) -> list[Step]:
        """From a blank disk to the second picture."""
        return [
            ("a data disk", self.make_disk),
            ("zagent volume adopt", self.adopt),
            ("zagent pull", self.pull),
            ("zagent generate", self.generate),
            ("system-disk reset", self.reset),
            ("stop the hub", self.stop_hub),
            ("zagent volume mount", self.mount),
            ("zagent verify", self.verify),
            ("zagent generate, again", self.generate_again),
        ]

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
        return next(line for line in self.zagent("pull").splitlines() if line.endswith(" downloaded"))

    def generate(self, name: str = "first.png") -> str:
        """An image is made."""
        self.zagent(*GENERATE, "--overwrite", "-o", str(self.pictures / name))
        return f"{self.pictures / name}"

    def reset(self) -> str:
        """Take away what a system-disk reset takes: home, caches, settings, and the mount."""
        shutil.rmtree(self.system)
        self.system.mkdir()
        if self.disk is None:
            return "home, caches and settings are gone"
        self.disk.unmount()
        refused = self.zagent("generate", PROMPT, expect=NotAdopted.exit_code)
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
        found = self.zagent("volume", "mount").strip()
        self.disk.mounted()
        return found

    def verify(self) -> str:
        """Every byte is still what the hub's listing said."""
        return self.zagent("verify").splitlines()[-1]

    def generate_again(self, name: str = "second.png") -> str:
        """The same picture, without a hub."""
        self.generate(name)
        same_pixels(self.pictures / "first.png", self.pictures / name)
        return f"{self.pictures / name}: every pixel equal, 0 bytes downloaded"

    def zagent(self, *words: str, expect: int = 0) -> str:
        """Run the command; returns what it printed."""
        return self.run(*ZAGENT, *words, expect=expect, told=shlex.join(["zagent", *words]))


def environment(data: Path, system: Path, hub: str) -> Mapping[str, str]:
    """What a shell on a fresh system has, and where the data root and the hub are."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    ours = {"HOME": str(system), "ZAGENT_DATA_ROOT": str(data), "MODELSCOPE_ENDPOINT": hub}
    return {**kept, **ours, "OMP_NUM_THREADS": "1"}
