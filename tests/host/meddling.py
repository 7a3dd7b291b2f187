"""What comes between the operator and the host while it converges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra.bootstrap.gather import script
from infra.bootstrap.host import COMMAND_PATIENCE, Host, OnLine, Ran

QUESTIONS = (script("gather"), script("prove"))
"""What is run on a host only to look at it."""


class Cut(Exception):
    """The operator's side is gone: Ctrl-C, a dead line, a laptop that was closed."""


class Meddler:
    """A host that does what it is told; what it is told is the subclass's."""

    host: Host

    @property
    def address(self) -> str:
        """How people call it."""
        return self.host.address

    def hears(self, line: str) -> None:
        """A line for people goes out."""

    def run(self, words: Sequence[str], *, on_line: OnLine | None = None, patience: float = COMMAND_PATIENCE) -> Ran:
        """Run it."""
        return self.host.run(words, on_line=on_line, patience=patience)

    def put(self, content: bytes | Path, path: str, mode: int, owner: str = "root:root") -> None:
        """Put it."""
        self.host.put(content, path, mode, owner)


@dataclass
class CutBeforeEachStep(Meddler):
    """Each step is cut off once, as it is to begin."""

    steps: list[str] = field(default_factory=list)

    def hears(self, line: str) -> None:
        """A step is announced."""
        _, second, step = line.partition(" s  ")
        if second and step not in self.steps:
            self.steps.append(step)
            raise Cut


@dataclass
class CutAfterEachCommand(Meddler):
    """Each command of a step is carried out once without anybody hearing how it went."""

    commands: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, words: Sequence[str], *, on_line: OnLine | None = None, patience: float = COMMAND_PATIENCE) -> Ran:
        """Run it, and be gone."""
        ran = super().run(words, on_line=on_line, patience=patience)
        asking = words[:3] == ["python3", "-I", "-c"] and words[3] in QUESTIONS
        if asking or tuple(words) in self.commands:
            return ran
        self.commands.append(tuple(words))
        raise Cut


@dataclass
class SlowFormat(Meddler):
    """The disk takes so little at a time that its mkfs can be watched."""

    def run(self, words: Sequence[str], *, on_line: OnLine | None = None, patience: float = COMMAND_PATIENCE) -> Ran:
        """Slow down mkfs, and nothing else."""
        if words[0] == "mkfs.xfs":
            limit = f"IOWriteBandwidthMax={words[-1]} 1M"
            words = ["systemd-run", "--scope", "--quiet", "--property", limit, *words]
        return super().run(words, on_line=on_line, patience=patience)
