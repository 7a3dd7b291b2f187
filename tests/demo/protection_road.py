"""The agent's road goes on: a second copy, the weights lost, the copy damaged, and two ways back without a hub."""

from __future__ import annotations

import shlex
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from zagent.errors import CopyDamaged

from tests.demo.agent_road import AgentRoad
from tests.demo.disk import LoopDisk
from tests.demo.road import Disproved, Step
from tests.weights import files

CACHE = Path("modelscope_cache")

WEIGHTS = CACHE / "models"
"""All of the cache but the empty lock files of the hub's client."""

PERSON = Path("users/anna")
LORA = PERSON / "loras/fox.safetensors"
"""What no hub has: a file that somebody trained."""

KILLS = (("copying:file-done", 3), ("restore:staged", 1))
"""Where `zagent restore` is killed (see zagent.points), and at which passing: after the third of the mirror's files,
and while what came from the repository still waits for its proof."""


@dataclass(kw_only=True)
class ProtectionRoad(AgentRoad):
    """The agent's road and, where there is a ``restic``, what follows; ``copies`` is where the second disk comes to."""

    copies: Path
    second: LoopDisk | None
    restic: Path | None

    def steps(self) -> list[Step]:
        """From a blank disk to weights that were lost and came back."""
        protected: list[Step] = [
            ("zagent backup", self.backup),
            ("the cache is lost", self.lose),
            ("zagent restore", self.restore),
            ("restic, without zagent", self.restore_by_hand),
        ]
        return [*super().steps(), *(protected if self.restic else [])]

    def backup(self) -> str:
        """A fingerprint of all that counts, then two copies on another disk."""
        where, same_device = self._make_second()
        files.written(self.data, {str(LORA): files.safetensors(100_000, seed=7)})
        self._shell(self.data, f"find {WEIGHTS} {PERSON} -type f -exec sha256sum {{}} + > {quote(self._sums)}")
        self.zagent("backup", "add", "disk2", str(self._mirror), *same_device)
        self.zagent("backup", "add", "archive", f"restic:{self._repository}", *same_device)
        self.zagent("backup", "now")
        return f"a mirror and a restic repository on {where}; SHA256SUMS has the {self._count} weights and a LoRA"

    def _make_second(self) -> tuple[str, tuple[str, ...]]:
        if self.second is None:
            self.copies.mkdir()
            return "a folder that stands in for a second disk", ("--same-device",)
        self.second.make()
        return f"XFS on {self.second.device}", ()

    def lose(self) -> str:
        """The cache and the person's folder go, and one copy of the largest file is not what it was."""
        largest = max(self._cached(), key=lambda one: one.stat().st_size)
        damaged = next(self._mirror.rglob(largest.name))
        self._shell(self.data, f"rm -rf {CACHE} {PERSON}")
        files.flip(damaged)
        said = self.zagent("backup", "check", "disk2", "--full", expect=CopyDamaged.exit_code)
        if f"/{largest.name}" not in said:
            raise Disproved(f"the check does not name {largest.name}:\n{said}")
        return "weights and LoRA are gone, and the mirror's largest file has a flipped byte, which its check finds"

    def restore(self) -> str:
        """Killed twice, run a third time: the document accepts all of it, and the picture is the same."""
        killed = self.bring_back()
        self.generate_again("third.png")
        return f"{killed}; sha256sum -c accepts all, every pixel equal, 0 bytes downloaded"

    def bring_back(self) -> str:
        """The restore without the picture."""
        there = [self._kill(*one) for one in KILLS]
        said = self.zagent("restore")
        print("".join(f"      {line}\n" for line in said.splitlines()), end="")
        if there[1] != self._count - 1 or "1 file restored, " not in said or str(self._repository) not in said:
            raise Disproved(f"after {there} files, the damaged one did not come from the repository:\n{said}")
        self.zagent("restore", "--users", PERSON.name)
        self._accept(self.data)
        return f"killed with {there[0]} and {there[1]} of {self._count} weights back, then whole"

    def _kill(self, point: str, passing: int) -> int:
        """Let a restore kill itself; how many files have their names then."""
        told = f"zagent restore  # SIGKILL at {point}, passing {passing}"
        command = (sys.executable, "-m", "tests.weights.child", point, str(passing), str(int(signal.SIGKILL)))
        self.run(*command, "restore", expect=-signal.SIGKILL, told=told)
        return len(self._cached())

    def restore_by_hand(self) -> str:
        """Plain restic, an empty folder, the same bytes."""
        target = self.copies / "by-hand"
        password = self.data / ".zagent/backups/archive.password"
        options = ("--repo", str(self._repository), "--password-file", str(password))
        words = (*options, "restore", "latest", "--target", str(target))
        self.run(str(self.restic), *words, told=shlex.join(["restic", *words]))
        self._accept(target / self.data.relative_to("/"))
        return f"{self.restic} alone brings the same bytes into an empty folder: sha256sum -c accepts all"

    @property
    def _mirror(self) -> Path:
        return self.copies / "mirror"

    @property
    def _repository(self) -> Path:
        return self.copies / "restic"

    @property
    def _sums(self) -> Path:
        return self.copies / "SHA256SUMS"

    @property
    def _count(self) -> int:
        """How many files the weights had."""
        return sum(f" {WEIGHTS}/" in line for line in self._sums.read_text().splitlines())

    def _cached(self) -> list[Path]:
        """The files of the weights that are there; what waits for its name has one that begins with a dot."""
        top = self.data / WEIGHTS
        found = (one for one in top.rglob("*") if not any(part[0] == "." for part in one.relative_to(top).parts))
        return [one for one in found if one.is_file()]

    def _accept(self, folder: Path) -> None:
        """Compare with the document.

        Raises:
            Disproved: something differs or is missing.
        """
        self._shell(folder, f"sha256sum --check --quiet {quote(self._sums)}")

    def _shell(self, folder: Path, script: str) -> None:
        line = f"cd {quote(folder)} && {script}"
        self.run("sh", "-c", line, told=line)


def quote(path: Path) -> str:
    """A path in a shell's words."""
    return shlex.quote(str(path))
