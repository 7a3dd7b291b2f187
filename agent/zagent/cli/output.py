"""What people and programs see: lines, a progress bar on a terminal, or one JSON object per line."""

from __future__ import annotations

import json
import re
import shlex
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from zagent import text
from zagent.errors import ZagentError
from zagent.settings import DATA_ROOT
from zagent.weights.progress import Event, Progress

_COMMAND = re.compile(
    r"(?<![\w/.-])zagent (?:backup|doctor|gc|generate|pull|restore|verify|volume|weights)\b(?! --help)"
)
"""A command of ours that works on a data root, in a text."""

LINE_EVERY = 5.0
"""Seconds between lines of progress where there is no terminal."""


@dataclass
class Output:
    """Where a command speaks; ``json`` turns every word into an event on standard output.

    ``root`` is the data root where an option named it: commands that people are told to run have to name it, too.
    ``command`` is the one of ours that speaks, where there is one: its help has what was asked of it.

    What comes from elsewhere (a hub, a disk, a PNG) may be quoted in it, so it never steers the terminal.
    """

    json: bool = False
    debug: bool = False
    root: Path | None = None
    command: str = ""
    terminal: bool = field(default_factory=lambda: bool(sys.stderr and sys.stderr.isatty()))
    _told: list[ZagentError] = field(default_factory=list)

    def result(self, line: str, **facts: Any) -> None:
        """The answer itself, on standard output; in JSON a moment is in ISO 8601."""
        print(json.dumps(facts, default=_plain) if self.json else line, flush=True)

    def say(self, line: str) -> None:
        """Something about the way there: standard error, or a ``note`` event."""
        if self.json:
            self.result("", event="note", note=line)
        else:
            print(text.printable(line), file=sys.stderr, flush=True)

    def error(self, error: ZagentError) -> None:
        """One clear error: what happened, why, and the command that mends it; once, however often it comes here.

        What was told when it happened may be raised once all else is done, for its exit code.
        """
        if error in self._told:
            return
        self._told.append(error)
        if self.debug:
            traceback.print_exception(error)
        if self.json:
            facts = {"message": error.message, "remedy": self.remedy(error.advice), "exit_code": error.exit_code}
            self.result("", event="error", error=type(error).__name__, **facts)
            return
        self.say(f"error: {error.message}")
        if error.advice:
            self.say(f"try:   {self.remedy(error.advice)}")

    def remedy(self, advice: str) -> str:
        """``advice``, and what its commands need to be about the same data root."""
        if self.command:
            advice = advice.replace("zagent --help", f"zagent {self.command} --help")
        if self.root is None or not _COMMAND.search(advice):
            return advice
        return f"{advice}   (after: export {DATA_ROOT}={shlex.quote(str(self.root))})"

    @contextmanager
    def transfer(self, verb: str) -> Iterator[Progress]:
        """A counter of bytes, shown as fits: a bar, a line every few seconds, or events."""
        if self.json:
            yield Progress(tell=lambda event: self.result("", **event))
        elif not self.terminal:
            yield Progress(tell=lambda event: self._line(verb, event), interval=LINE_EVERY)
        else:
            with _byte_bar(verb) as tell:
                yield Progress(tell=tell, interval=0.1)

    def _line(self, verb: str, event: Event) -> None:
        if event["event"] == "note":
            self.say(event["note"])
        if event["event"] != "progress":
            return
        line = f"{verb}: {text.size(event['done'])} of {text.size(event['total'])}, {text.size(event['rate'])}/s"
        left = f", {text.duration(event['remaining'])} left" if event["remaining"] else ""
        self.say(line + left)

    @contextmanager
    def steps(self, images: int, evaluations: int) -> Iterator[Callable[[int, int], None]]:
        """What to call after each evaluation with the image's number (from 0) and the evaluation's (from 1)."""
        if self.json:
            yield lambda image, step: self.result("", event="step", image=image, step=step, of=evaluations)
        elif not self.terminal:
            yield lambda image, step: None
        else:
            with _step_bar(images, evaluations) as tell:
                yield tell


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


@contextmanager
def _byte_bar(verb: str) -> Iterator[Callable[[Event], None]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.progress import Progress as Bars

    columns = [TextColumn(verb), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()]
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(verb, total=None)

        def tell(event: Event) -> None:
            if event["event"] == "note":
                bars.console.print(text.printable(event["note"]), markup=False)
            else:
                bars.update(task, total=event["total"], completed=event["done"])

        yield tell


@contextmanager
def _step_bar(images: int, evaluations: int) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = [TextColumn("denoising"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()]
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("denoising", total=images * evaluations)
        yield lambda image, step: bars.update(task, completed=image * evaluations + step)
