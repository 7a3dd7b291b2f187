"""The report of a demonstration: one HTML page that needs nothing beside it, also when a step did not hold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from itertools import takewhile
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from zagent import durable

from tests.demo import report_machine
from tests.demo.plan import Parts
from tests.demo.report_pictures import Picture, pictures
from tests.demo.report_text import count, duration, plain, quoted, seconds
from tests.demo.report_timeline import Timeline
from tests.demo.road import INTERRUPTED, Row

NAME = "report.html"

CLAIM = (
    "Weights live on a volume that outlives every machine: nothing that happens to a system disk costs a byte of them."
)


@dataclass(frozen=True)
class Chapter:
    """One road: ``rows`` of the steps that were taken, ``left`` the names of those that were not reached."""

    title: str
    rows: list[Row] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    @property
    def pictures(self) -> list[Picture]:
        """What the steps have drawn."""
        return pictures(self.rows)


@dataclass
class Story:
    """What there is to tell, gathered while it happens.

    ``parts`` is set before the first chapter is opened; ``held``: everything did, ``cloud``: there was one,
    ``set_up_began``: when it began to be made, on the monotonic clock.
    """

    parts: Parts = field(init=False)
    chapters: list[Chapter] = field(default_factory=list)
    held: bool = False
    cloud: bool = False
    set_up_began: float = 0.0

    def open(self, title: str) -> Chapter:
        """A new chapter at the end."""
        self.chapters.append(Chapter(title))
        return self.chapters[-1]

    @property
    def told(self) -> list[Chapter]:
        """The chapters in which a step was taken."""
        return [one for one in self.chapters if one.rows]

    @property
    def drawn(self) -> list[Chapter]:
        """The chapters that have pictures."""
        return [one for one in self.chapters if one.pictures]

    @property
    def rows(self) -> list[Row]:
        """Those of all chapters."""
        return [row for chapter in self.chapters for row in chapter.rows]

    @property
    def words(self) -> list[str]:
        """The introduction of the plan, by sentence; without a cloud it is that of the agent's road."""
        lines = takewhile(bool, replace(self.parts, quick=not self.parts.cloud).lines())
        return re.split(r"(?<=\.) (?=[A-Z])", " ".join(lines))

    @property
    def verdict(self) -> str:
        """The whole in one line."""
        failed = next((row for row in self.rows if row.error), None)
        if failed:
            return f"Interrupted in “{failed.step}”" if failed.error == INTERRUPTED else f"“{failed.step}” did not hold"
        return f"All {len(self.rows)} steps held" if self.held else "Ended before its last step"


def write(folder: Path, story: Story) -> Path:
    """Put the report into ``folder``, whole or not at all; where it is."""
    facts = report_machine.machine(cloud=story.cloud)
    page = render(story, facts, report_machine.versions(cloud=story.cloud), datetime.now(timezone.utc))
    durable.write(folder / NAME, page.encode(errors="replace"))
    return folder / NAME


def render(story: Story, machine: Mapping[str, str], versions: Mapping[str, str], date: datetime) -> str:
    """The page."""
    shown = {"machine": machine, "versions": versions, "date": f"{date:%Y-%m-%d %H:%M} UTC"}
    line = Timeline.of(story.rows)
    return (
        _environment()
        .get_template("report.html")
        .render(claim=CLAIM, story=story, timeline=line, figures=_figures(story.rows, line.seconds), **shown)
    )


def _environment() -> Environment:
    """Everything that is put into the page is escaped."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(plain=plain, count=count, seconds=seconds, quoted=quoted, kind=_kind)
    return made


def _kind(row: Row) -> str:
    """The class that colours it."""
    return "failed" if row.error else "sent" if row.hub_bytes else "none"


def _figures(rows: Sequence[Row], took: float) -> list[tuple[str, str, bool]]:
    """The few numbers at the top: number, what it counts, whether it is the proof."""
    held, sent = [row for row in rows if not row.error], [row for row in rows if row.hub_bytes]
    quiet, equal = len(held) - len(sent), sum(len(row.equal) for row in rows)
    return [
        (f"{len(held)} of {len(rows)}", "steps held", False),
        (duration(took), "from the first step to the end of the last", False),
        (f"{count(sum(row.hub_bytes for row in sent))} B", f"from the hub, in {_times(len(sent), 'step')}", False),
        ("0 B", f"from the hub, in the other {_times(quiet, 'step')}", quiet > 0),
        (_times(equal, "picture"), "compared with the first" + ": every pixel equal" * bool(equal), equal > 0),
    ]


def _times(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
