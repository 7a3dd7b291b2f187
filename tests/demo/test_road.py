"""What a walk keeps of its steps for the report, and that an interrupted demonstration still has one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from tests.demo.__main__ import PICTURES
from tests.demo.report import NAME
from tests.demo.road import INTERRUPTED, Disproved, Road, Row, Step, same_pixels
from tests.demo.test_demo import interrupt, start, temporary

__all__ = ["temporary"]


@dataclass(kw_only=True)
class Walk(Road):
    """The steps of a test."""

    taken: list[Step]

    def steps(self) -> list[Step]:
        """As given."""
        return self.taken


def walk(folder: Path, *steps: Callable[[Walk], str]) -> Walk:
    """A walk, not yet begun, whose steps are named by number; the hub has sent 5 bytes more each time it is asked."""
    sent = iter(range(0, 1000, 5))
    road = Walk(pictures=folder, hub_bytes=lambda: next(sent), environment={}, taken=[])
    road.taken += [(str(number), lambda step=step: step(road)) for number, step in enumerate(steps)]  # type: ignore[misc]
    return road


def draw(path: Path, grey: int) -> None:
    """A small picture of one colour."""
    Image.new("L", (4, 4), grey).save(path)


def rows(road: Walk, ends: type[BaseException] | None = None) -> list[Row]:
    """What the walk leaves; ``ends``: how it is to end."""
    if ends is None:
        road.walk()
    else:
        with pytest.raises(ends):
            road.walk()
    return road.rows


def test_a_step_leaves_its_commands_pictures_and_comparisons(tmp_path: Path) -> None:
    """Each has its own, and an older picture is nobody's."""
    draw(tmp_path / "older.png", 1)

    def first(road: Walk) -> str:
        draw(tmp_path / "a.png", 2)
        return road.run(sys.executable, "-c", "print('drawn')", told="draw a.png").strip()

    def second(road: Walk) -> str:
        draw(tmp_path / "b.png", 2)
        same_pixels(tmp_path / "a.png", tmp_path / "b.png")
        return "equal"

    one, two = rows(walk(tmp_path, first, second))
    assert (one.proved, one.commands, one.pictures, one.equal) == ("drawn", ("draw a.png",), (tmp_path / "a.png",), ())
    assert (two.commands, two.pictures) == ((), (tmp_path / "b.png",))
    assert two.equal == ((tmp_path / "a.png", tmp_path / "b.png"),)
    assert (one.hub_bytes, one.error, two.error) == (5, "", "")
    assert one.began + one.seconds <= two.began


def test_pictures_that_differ_are_not_kept_as_equal(tmp_path: Path) -> None:
    """The step is disproved, and leaves its row."""

    def differ(road: Walk) -> str:
        draw(tmp_path / "a.png", 2)
        draw(tmp_path / "b.png", 3)
        same_pixels(tmp_path / "a.png", tmp_path / "b.png")
        return "never"

    (row,) = rows(walk(tmp_path, differ), ends=Disproved)
    assert row.equal == ()
    assert "differs from" in row.error


def test_a_command_that_fails_leaves_what_it_said(tmp_path: Path) -> None:
    """The command, its exit code and its last lines; the steps after it are named."""

    def fail(road: Walk) -> str:
        return road.run(sys.executable, "-c", "print('no room'); raise SystemExit(3)", told="fill the disk")

    road = walk(tmp_path, lambda _: "held", fail, lambda _: "never")
    held, failed = rows(road, ends=Disproved)
    assert (held.proved, failed.proved, failed.commands) == ("held", "", ("fill the disk",))
    assert "ended with 3:\nno room" in failed.error
    assert road.left == ["2"]


@pytest.mark.parametrize("how", [KeyboardInterrupt(), SystemExit(143)])
def test_an_interrupted_step_leaves_its_row(tmp_path: Path, how: BaseException) -> None:
    """Whether by Ctrl-C or by SIGTERM."""

    def stop(road: Walk) -> str:
        raise how

    (row,) = rows(walk(tmp_path, stop), ends=type(how))
    assert row.error == INTERRUPTED


def test_an_unforeseen_error_is_told_with_its_kind(tmp_path: Path) -> None:
    """And with what the program wrote on its error channel."""

    def call(road: Walk) -> str:
        failing = [sys.executable, "-c", "import sys; sys.exit('no such stack')"]
        return subprocess.run(failing, check=True, capture_output=True, text=True).stdout

    (row,) = rows(walk(tmp_path, call), ends=subprocess.CalledProcessError)
    assert row.error.startswith("CalledProcessError: ")
    assert row.error.endswith("no such stack")


@pytest.mark.engine
def test_an_interrupted_demonstration_has_a_report(temporary: Path) -> None:
    """It tells in which step; the one of an earlier run is gone, and nothing else is left."""
    PICTURES.mkdir(exist_ok=True)
    (PICTURES / NAME).write_text("All 9 steps held")
    interrupt(start(temporary, "--quick"), "] zagent pull")
    said = (PICTURES / NAME).read_text()
    assert "Interrupted in “zagent pull”" in said
    assert "All 9 steps held" not in said
    assert not list(temporary.glob("zagent-*"))
    assert not list(PICTURES.glob(".zagent-*"))
