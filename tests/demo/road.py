"""What every road of the demonstration shares: its steps are walked one by one, each checks what it claims."""

from __future__ import annotations

import shlex
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PROMPT = "a red fox in the snow"

Step = tuple[str, Callable[[], str]]
"""A name, and a function that returns what it proved."""


class Disproved(Exception):
    """A step did not hold what it promises."""


@dataclass(frozen=True)
class Row:
    """One line of the final table; ``hub_bytes`` is what the hub sent meanwhile, without headers."""

    step: str
    seconds: float
    hub_bytes: int
    proved: str


@dataclass(kw_only=True)
class Road:
    """One walk; ``pictures`` is where the images are kept, ``hub_bytes`` counts what the hub has sent so far."""

    pictures: Path
    hub_bytes: Callable[[], int]
    environment: Mapping[str, str]
    rows: list[Row] = field(default_factory=list)

    def steps(self) -> list[Step]:
        """The names and the functions, in order."""
        raise NotImplementedError

    def walk(self) -> None:
        """Take every step, saying what each proved.

        Raises:
            Disproved: one did not hold.
        """
        for number, (name, step) in enumerate(self.steps(), 1):
            print(f"[{number}/{len(self.steps())}] {name} …", flush=True)
            began, before = time.monotonic(), self.hub_bytes()
            proved = step()
            self.rows.append(Row(name, time.monotonic() - began, self.hub_bytes() - before, proved))
            print(f"      {proved}", flush=True)

    def run(self, *words: str, expect: int = 0, show: bool = False, told: str = "") -> str:
        """Run a command and return all it printed; ``show`` passes its lines on, ``told`` is what a person would type.

        Raises:
            Disproved: it ended with another exit code than expected.
        """
        print(f"      $ {told or shlex.join(words)}", flush=True)
        lines = []
        for line in self._lines(words, self.environment, expect):
            lines.append(line)
            if show and line.strip() and not line.startswith("@"):  # Pulumi's dots
                print(f"        {line.rstrip()}", flush=True)
        return "".join(lines)

    def _lines(self, words: Sequence[str], environment: Mapping[str, str], expect: int) -> Iterator[str]:
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        lines: list[str] = []
        with subprocess.Popen(words, env=environment, text=True, bufsize=1, **streams) as running:  # type: ignore[call-overload]
            try:
                for line in running.stdout:
                    lines.append(line)
                    yield line
            except BaseException:
                running.terminate()
                raise
        if running.returncode != expect:
            raise Disproved(f"`{shlex.join(words)}` ended with {running.returncode}:\n{''.join(lines[-40:])}")


def table(rows: Sequence[Row]) -> str:
    """The rows as people read them."""
    head = f"{'step':<26} {'seconds':>8} {'from the hub':>14}  what it proved"
    return "\n".join(
        [head, *(f"{one.step:<26} {one.seconds:>8.1f} {one.hub_bytes:>12} B  {one.proved}" for one in rows)]
    )


def same_pixels(first: Path, second: Path) -> None:
    """Compare two pictures.

    Raises:
        Disproved: they differ in at least one pixel.
    """
    from PIL import Image

    with Image.open(first) as one, Image.open(second) as other:
        if (one.size, one.mode, one.tobytes()) != (other.size, other.mode, other.tobytes()):
            raise Disproved(f"{second} differs from {first}")
