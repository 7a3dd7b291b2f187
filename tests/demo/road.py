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


EQUAL: list[tuple[Path, Path]] = []
"""The pairs of pictures that `same_pixels` found equal, in the order in which it was asked."""

INTERRUPTED = "interrupted"


class Disproved(Exception):
    """A step did not hold what it promises."""


@dataclass(frozen=True)
class Row:
    """One line of the final table; ``hub_bytes`` is what the hub sent meanwhile, without headers.

    The rest is for the report: ``began`` on the monotonic clock, the commands as a person would type them, the pictures
    that were made, the pairs that were found equal, and the last words of a step that did not hold.
    """

    step: str
    seconds: float
    hub_bytes: int
    proved: str
    began: float = 0.0
    commands: tuple[str, ...] = ()
    pictures: tuple[Path, ...] = ()
    equal: tuple[tuple[Path, Path], ...] = ()
    error: str = ""


@dataclass(kw_only=True)
class Road:
    """One walk; ``pictures`` is where the images are kept, ``hub_bytes`` counts what the hub has sent so far.

    ``rows`` gets one for each step that was taken, ``left`` has the names of those that were not reached.
    """

    pictures: Path
    hub_bytes: Callable[[], int]
    environment: Mapping[str, str]
    rows: list[Row] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def steps(self) -> list[Step]:
        """The names and the functions, in order."""
        raise NotImplementedError

    def walk(self) -> None:
        """Take every step, saying what each proved.

        Raises:
            Disproved: one did not hold.
        """
        steps = self.steps()
        for number, (name, step) in enumerate(steps, 1):
            self.left[:] = [later for later, _ in steps[number:]]
            proved = self._take(f"{number}/{len(steps)}", name, step)
            print(f"      {proved}", flush=True)

    def _take(self, place: str, name: str, step: Callable[[], str]) -> str:
        """Take one step; from when its name is told it leaves a row, also when it does not hold or is interrupted."""
        began, there, known = time.monotonic(), _stamps(self.pictures), len(EQUAL)
        self.told.clear()
        proved, sent, error = "", 0, ""
        try:
            print(f"[{place}] {name} …", flush=True)
            before = self.hub_bytes()
            proved = step()
            sent = self.hub_bytes() - before
        except BaseException as failure:
            error = last_words(failure)
            raise
        finally:
            made = tuple(one for one, stamp in _stamps(self.pictures).items() if there.get(one) != stamp)
            seconds = time.monotonic() - began
            evidence = (tuple(self.told), made, tuple(EQUAL[known:]), error)
            self.rows.append(Row(name, seconds, sent, proved, began, *evidence))
        return proved

    def run(self, *words: str, expect: int = 0, show: bool = False, told: str = "") -> str:
        """Run a command and return all it printed; ``show`` passes its lines on, ``told`` is what a person would type.

        Raises:
            Disproved: it ended with another exit code than expected.
        """
        self.told.append(told or shlex.join(words))
        print(f"      $ {self.told[-1]}", flush=True)
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


def last_words(error: BaseException) -> str:
    """What the report says of a step that ended with this."""
    if isinstance(error, KeyboardInterrupt | SystemExit):
        return INTERRUPTED
    said = str(error) or "no message"
    words = said if isinstance(error, Disproved) else f"{type(error).__name__}: {said}"
    return f"{words}\n{getattr(error, 'stderr', None) or ''}".strip()


def _stamps(folder: Path) -> dict[Path, tuple[int, int, int]]:
    """Of each picture in ``folder``, what changes when it is written again."""
    found = {one: one.stat() for one in sorted(folder.glob("*.png"))}
    return {one: (stat.st_ino, stat.st_mtime_ns, stat.st_size) for one, stat in found.items()}


def same_pixels(first: Path, second: Path) -> None:
    """Compare two pictures, and note in EQUAL that they are.

    Raises:
        Disproved: they differ in at least one pixel.
    """
    from PIL import Image

    with Image.open(first) as one, Image.open(second) as other:
        if (one.size, one.mode, one.tobytes()) != (other.size, other.mode, other.tobytes()):
            raise Disproved(f"{second} differs from {first}")
    EQUAL.append((first, second))
