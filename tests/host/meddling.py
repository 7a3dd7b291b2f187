"""What comes between the operator and the host while it converges."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra.bootstrap.files import script
from infra.bootstrap.ready import BOOTED
from infra.bootstrap.ssh.host import COMMAND_PATIENCE, Held, Host, OnLine, Ran

QUESTIONS = (script("gather"), script("prove"), BOOTED)
"""What is run on a host only to look at it."""

STEP = re.compile(r" *\d+ s  (.+)")
"""How a converge tells the step that it takes."""

MOST_CUTS = 60
"""More than a host ever needs."""


class Cut(Exception):
    """The operator's side is gone: Ctrl-C, a dead line, a laptop that was closed."""


class Meddler:
    """A host that does what it is told; what it is told is the subclass's."""

    host: Host

    @property
    def address(self) -> str:
        """How people call it."""
        return self.host.address

    def run(self, words: Sequence[str], *, on_line: OnLine | None = None, patience: float = COMMAND_PATIENCE) -> Ran:
        """Run it."""
        return self.host.run(words, on_line=on_line, patience=patience)

    def hold(self, words: Sequence[str]) -> Held:
        """Hold it."""
        return self.host.hold(words)

    def put(self, content: bytes | Path, path: str, mode: int, owner: str = "root:root") -> None:
        """Put it."""
        self.host.put(content, path, mode, owner)


@dataclass
class CutWithinEach(Meddler):
    """The first command of each step is carried out once without anybody hearing how it went.

    A step of several is half done then; one of a single command is done, and only the next look tells. ``said`` is what
    the converge says, by which the step is known; ``about`` is a word that a command must have for that, or none.
    """

    said: Sequence[str]
    about: str = ""
    ran: list[tuple[str, ...]] = field(default_factory=list)
    cut: set[str] = field(default_factory=set)

    def run(self, words: Sequence[str], *, on_line: OnLine | None = None, patience: float = COMMAND_PATIENCE) -> Ran:
        """Run it, and be gone."""
        ran = super().run(words, on_line=on_line, patience=patience)
        self._gone(*words)
        return ran

    def put(self, content: bytes | Path, path: str, mode: int, owner: str = "root:root") -> None:
        """Put it, and be gone."""
        super().put(content, path, mode, owner)
        self._gone("put", path)

    def _gone(self, *words: str) -> None:
        step = next((found[1] for one in reversed(self.said) if (found := STEP.fullmatch(one))), None)
        if step is None or any(one in QUESTIONS for one in words):
            return
        self.ran.append(words)
        if step not in self.cut and self.about in " ".join(words):
            self.cut.add(step)
            raise Cut

    def again(self, converge: Callable[[], int]) -> int:
        """Converge until it comes through; the number of steps of the last time."""
        for _ in range(MOST_CUTS):
            try:
                return converge()
            except Cut:
                pass
        raise AssertionError(self.cut)


@dataclass
class AtTheFirstCommand(Meddler):
    """Something happens just as the converge begins."""

    happens: Callable[[], None]
    happened: bool = False

    def run(self, words: Sequence[str], *, on_line: OnLine | None = None, patience: float = COMMAND_PATIENCE) -> Ran:
        """Let it happen, then go on."""
        if not self.happened:
            self.happened = True
            self.happens()
        return super().run(words, on_line=on_line, patience=patience)


@dataclass
class SlowFormat(Meddler):
    """The disk takes so little at a time that its mkfs can be watched."""

    def run(self, words: Sequence[str], *, on_line: OnLine | None = None, patience: float = COMMAND_PATIENCE) -> Ran:
        """Slow down mkfs, and nothing else."""
        if words[0] == "mkfs.xfs":
            limit = f"IOWriteBandwidthMax={words[-1]} 1M"
            words = ["systemd-run", "--scope", "--quiet", "--property", limit, *words]
        return super().run(words, on_line=on_line, patience=patience)
