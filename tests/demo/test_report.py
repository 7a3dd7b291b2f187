"""The report, made from rows that were made up: nothing is lost, nothing gets out of its place, nothing is fetched."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from tests.demo.plan import Parts
from tests.demo.report import NAME, Story, render, write
from tests.demo.report_text import REPOSITORY
from tests.demo.report_timeline import Timeline
from tests.demo.road import INTERRUPTED, Row
from tests.localcloud.errors import Missing

VOID = {"meta", "img", "br", "link"}
NASTY = """<script>alert("1")</script> & 'more' {{ 7 * 7 }}"""


@dataclass
class Page(HTMLParser):
    """A page taken apart: its elements with their attributes, and the text of those with a class."""

    source: str
    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    open: list[tuple[str, str]] = field(default_factory=list)
    text: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.source)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element."""
        found = {name: value or "" for name, value in attrs}
        self.elements.append((tag, found))
        if tag not in VOID:
            self.open.append((tag, found.get("class", "")))

    def handle_endtag(self, tag: str) -> None:
        """It closes what was opened last."""
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        """Note the text for the classes that it is in."""
        self.text.append((" ".join(f"{tag} {name}" for tag, name in self.open), data))

    def said(self, inside: str = "") -> str:
        """All text in elements whose tag or class is ``inside``."""
        return "".join(data for where, data in self.text if not inside or inside in where.split())

    def of(self, tag: str, name: str = "") -> list[dict[str, str]]:
        """The attributes of all elements with this tag and class."""
        return [found for one, found in self.elements if one == tag and name in f"{found.get('class', '')} ".split(" ")]


@pytest.fixture
def story(tmp_path: Path) -> Story:
    """Four steps: weights come, a picture, none come, the same picture."""
    pictures = [tmp_path / name for name in ("first.png", "second.png")]
    for one in pictures:
        Image.effect_noise((16, 16), 90).save(one)
    made = Story()
    made.parts = Parts(disk=True, restic=None, cloud=False, quick=True, left_out=(), cached=frozenset())
    made.held = True
    made.open("With the agent alone").rows.extend(
        [
            Row("pull", 10.0, 1697642, "here", 100.0, ("zagent pull",)),
            Row("draw", 20.0, 0, "drawn", 110.0, ("zagent generate 'a fox'",), (pictures[0],)),
            Row("reset", 10.0, 0, "gone", 130.0),
            Row("again", 40.0, 0, "the same", 140.0, (), (pictures[1],), ((pictures[0], pictures[1]),)),
        ]
    )
    return made


def change(story: Story, at: int, **changes: object) -> None:
    """Put another row in the place of one."""
    rows = story.chapters[0].rows
    rows[at] = replace(rows[at], **changes)  # type: ignore[arg-type]


def page(story: Story) -> Page:
    """The report of it, on a machine that was made up."""
    return Page(render(story, {"kernel": "Linux 9"}, {"torch": NASTY}, datetime(2026, 1, 2, 3, 4)))


def test_every_step_is_told(story: Story) -> None:
    """Name, seconds, command, proof and bytes of each."""
    found = page(story)
    assert found.said("verdict").strip() == "All 4 steps held"
    for row in story.rows:
        assert row.step in found.said("steps")
        assert row.proved in found.said("proved")
        assert f"{row.seconds:.1f} s" in found.said("cost")
    assert "zagent generate 'a fox'" in found.said("code")
    assert "2026-01-02 03:04 UTC" in found.said("dd")


def test_no_bytes_from_the_hub_are_what_stands_out(story: Story) -> None:
    """The step that downloads has another colour than the three that do not."""
    found = page(story)
    assert len(found.of("b", "none")) == 3
    assert len(found.of("b", "sent")) == 1
    assert "1,697,642 B" in found.said("sent")
    assert "from the hub, in the other 3 steps" in found.said("proof")


def test_whatever_programs_say_stays_text(story: Story) -> None:
    """No name, command, proof or error becomes an element; all of them are there as they were."""
    change(story, 0, step=NASTY, proved=NASTY, commands=(NASTY,))
    change(story, 2, error=NASTY)
    story.chapters[0].left.append(NASTY)
    story.parts = replace(story.parts, left_out=(Missing(NASTY, NASTY, NASTY),))
    found = page(story)
    assert not found.of("script")
    assert all(NASTY in found.said(inside) for inside in ("bar", "h3", "code", "proved", "error", "left", "dd"))
    assert found.said().count(NASTY) == 10


def test_colours_and_this_clones_paths_are_left_out(story: Story) -> None:
    """A terminal's codes are no text, and a path is as one types it in the clone."""
    change(story, 0, proved=f"\x1b[1;31mred\x1b[0m\x07 {REPOSITORY}/demo/first.png")
    found = page(story)
    assert "red demo/first.png" in found.said("proved")
    assert "\x1b" not in found.source


def test_a_step_that_did_not_hold_is_red_and_has_its_last_words(story: Story) -> None:
    """The verdict names it and leads to it, its bytes are not told, and the steps not reached are."""
    story.held = False
    change(story, 3, error="12 pixels differ", proved="", equal=())
    story.chapters[0].left.append("mount")
    found = page(story)
    assert found.said("verdict").strip() == "“again” did not hold"
    assert [one["id"] for one in found.of("li", "failed")] == ["failed"]
    assert found.said("error") == "12 pixels differ"
    assert "Not reached: mount." in found.said("left")
    assert len(found.of("div", "failed")) == 1
    assert "every pixel equal" not in found.said()


def test_an_interruption_is_no_disproof(story: Story) -> None:
    """It is told as what it is."""
    story.held = False
    change(story, 3, error=INTERRUPTED)
    assert page(story).said("verdict").strip() == "Interrupted in “again”"


def test_steps_that_held_are_not_yet_all_of_it(story: Story) -> None:
    """Stopped between two steps, nothing is red, and still it did not hold."""
    story.held = False
    found = page(story)
    assert not found.of("span", "held")
    assert "Ended before its last step" in found.said("verdict")


def test_nothing_is_fetched(story: Story) -> None:
    """Every address in the page is in the page; a browser is told to load nothing else."""
    found = page(story)
    for tag, attributes in found.elements:
        assert tag not in {"script", "link", "iframe", "object", "base"}
        for name in {"src", "href", "srcset", "action", "data", "poster"} & attributes.keys():
            assert re.match(r"#|data:image/png;base64,", attributes[name]), f"{tag} {name}"
    style = found.said("style") + "".join(one.get("style", "") for _, one in found.elements)
    assert not re.search(r"url\(|@import|https?:", style)
    assert any("default-src 'none'" in one.get("content", "") for one in found.of("meta"))


def test_the_pictures_are_in_the_page(story: Story) -> None:
    """Byte for byte, and only what was compared is called equal."""
    found = page(story)
    embedded = [base64.b64decode(one["src"].partition("base64,")[2]) for one in found.of("img")]
    assert embedded == [path.read_bytes() for row in story.rows for path in row.pictures]
    assert found.said("em") == "every pixel equal to first.png"


def test_a_picture_that_was_made_again_has_not_been_compared(story: Story) -> None:
    """Be it the one or the other of the pair."""
    rows = story.chapters[0].rows
    for path in rows[1].pictures + rows[3].pictures:
        rows.append(Row("once more", 1.0, 0, "drawn", 180.0, pictures=(path,)))
        assert page(story).said("em") == ""
        rows.pop()


def test_a_picture_that_is_gone_is_left_out(story: Story) -> None:
    """The rest is told."""
    story.rows[1].pictures[0].unlink()
    assert len(page(story).of("img")) == 1


def test_bars_are_to_scale(story: Story) -> None:
    """80 s are the whole: what began 10 s after the first step, and took 20, lies from 12.5 to 37.5 %."""
    line = Timeline.of(story.rows)
    assert [(line.left(row), line.width(row)) for row in story.rows] == [(0, 12.5), (12.5, 25), (37.5, 12.5), (50, 50)]
    assert line.lines()[:3] == [(0, "0:00"), (12.5, "0:10"), (25, "0:20")]
    assert line.lines()[-1] == (100, "1:20")
    bars = [one["style"] for one in page(story).of("i") if "style" in one]
    assert bars[1] == "left:12.5%;width:25.0%"


def test_no_time_is_no_division(story: Story) -> None:
    """A step that took nothing has a bar of no width."""
    story.chapters[0].rows[:] = [Row("at once", 0.0, 0, "", 5.0)]
    assert "at once" in page(story).said("bar")


def test_what_is_real_is_told_of_what_was_walked(story: Story) -> None:
    """Where the cloud is left out, the words are those of the agent's road, and the reason is there."""
    lacking = Missing("the AWS provider", "there is none", "install it")
    story.parts = replace(story.parts, quick=False, left_out=(lacking,))
    found = page(story)
    assert "Everything is real but the weights" in found.said("section")
    assert "pulumi up" not in found.said()
    assert "the AWS provider, there is none. To see it: install it." in found.said("left")
    assert "restic" not in found.said("section")
    story.parts = replace(story.parts, cloud=True, restic=Path("restic"), left_out=())
    found = page(story)
    assert "restic alone brings them" in found.said("section")
    assert "pulumi up" in [data for where, data in found.text if where.endswith("code ")]
    assert "Stand-ins: AWS's API (moto)" in found.said("section")
    assert "The road through the cloud was not reached." in found.said("left")


def test_the_file_is_whole_and_tells_of_this_machine(story: Story, tmp_path: Path) -> None:
    """It takes the place of an older one; versions are those that are installed."""
    (tmp_path / NAME).write_text("older")
    found = Page(write(tmp_path, story).read_text())
    assert "zagent" in found.said("dt")
    assert re.search(r"Linux \d", found.said("dd"))
    assert not [one for one in tmp_path.iterdir() if one.suffix == ".tmp"]
