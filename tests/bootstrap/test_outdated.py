"""What the agent no longer runs on is removed: real folders, and real processes that run from them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest

from infra.bootstrap.facts import parsers
from infra.bootstrap.files import outdated
from infra.bootstrap.gather import on_host
from infra.bootstrap.permission import Record
from infra.bootstrap.steps.base import Target
from infra.bootstrap.steps.outdated import RemoveOutdated
from infra.bootstrap.want import LAUNCHER
from infra.errors import CommandFailed
from tests.bootstrap.local_host import LocalHost, Noted

pytestmark = pytest.mark.root

OLD, OTHER, NEW = (token_hex(8) for _ in range(3))
"""Nobody else's on this machine, for every process of it is looked at."""


@dataclass(frozen=True)
class Place:
    """A system disk's folder and a volume's, each with yesterday's and today's."""

    opt: Path
    runtimes: Path
    step: RemoveOutdated
    to: Target

    def take(self, *paths: Path, keep: tuple[str, ...] | None = None) -> None:
        """Take the step for other paths."""
        kept = self.step.keep if keep is None else keep
        replace(self.step, paths=tuple(map(str, paths)), keep=kept).take(self.to)

    def names(self) -> set[str]:
        """What is there of both."""
        return {one.name for folder in (self.opt, self.runtimes) for one in folder.iterdir()}

    def used(self) -> set[str]:
        """What the fact says."""
        asked = {"launcher": LAUNCHER, "folders": [str(self.opt), str(self.runtimes)]}
        ran = self.to.host.run(on_host("outdated", json.dumps(asked)))
        found = parsers.used(ran.exit_code, ran.out)
        assert found is not None
        return {*found}


@pytest.fixture
def place() -> Iterator[Place]:
    """In a folder whose way is root's, as the real ones are."""
    with tempfile.TemporaryDirectory(prefix="zagent-test-") as name:
        opt, runtimes = Path(name, "opt"), Path(name, "runtime")
        old = [opt / OLD, opt / f"rescue-{OLD}", opt / f"compiled-{OLD}", runtimes / OLD]
        new = [opt / NEW, opt / f"rescue-{NEW}", opt / f"compiled-{NEW}", runtimes / NEW]
        for one in (*old, *new, opt / "tools"):
            (one / "lib").mkdir(parents=True)
            (one / "lib/module.py").write_text("import time\ntime.sleep(600)\n")
        stamp = Path(name, "stamp")
        stamp.touch()
        step = RemoveOutdated(tuple(map(str, old)), tuple(map(str, new)), str(stamp), folders=(str(opt), str(runtimes)))
        yield Place(opt, runtimes, step, Target(LocalHost(Path(name)), Noted(Record()), print))


@contextmanager
def running(*words: str | Path, stdin: Any = subprocess.PIPE) -> Iterator[subprocess.Popen[bytes]]:
    """A process of this machine, once it has said a line; ended after the block."""
    process = subprocess.Popen(words, stdin=stdin, stdout=subprocess.PIPE)
    try:
        assert process.stdout
        process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.communicate()


TODAYS = {NEW, f"rescue-{NEW}", f"compiled-{NEW}", "tools"}


def test_what_is_outdated_goes_and_nothing_else(place: Place) -> None:
    """Also what people keep beside it; the second time there is nothing to do."""
    place.step.take(place.to)
    assert place.names() == TODAYS


def test_what_a_cut_off_removal_left_goes(place: Place) -> None:
    """The name that it had at the end is taken, too."""
    half = place.runtimes / f".old-{OLD}"
    (place.runtimes / OLD).rename(half)
    place.take(half)
    assert not half.exists()


@pytest.mark.parametrize("name", ["tools", "check.py", "{}0", "backup-{}", "{}.py", ".old-tools"])
def test_clause_1_another_name(place: Place, name: str) -> None:
    """Whoever asks for it."""
    name = name.format(OLD)
    (place.opt / name).mkdir(exist_ok=True)
    with pytest.raises(CommandFailed, match="is not zagent's to remove"):
        place.take(place.opt / name)
    assert (place.opt / name).is_dir()


@pytest.mark.parametrize("below", ["", "tools", "../runtime/../opt"])
def test_clause_1_another_folder(place: Place, below: str) -> None:
    """A name of ours anywhere else is no folder of ours; and a way that goes round is none."""
    other = place.opt / below / OLD if below else place.opt.parent / OLD
    other.mkdir(exist_ok=True)
    with pytest.raises(CommandFailed, match="is not zagent's to remove"):
        place.take(other)
    assert other.is_dir()


def test_clause_2_what_is_kept(place: Place) -> None:
    """Even where it is named as outdated."""
    with pytest.raises(CommandFailed, match="is in use from now on"):
        place.take(place.opt / NEW)
    assert place.names() >= TODAYS


def test_clause_2_what_is_kept_is_not_there(place: Place) -> None:
    """Then what is older is all there is."""
    before = place.names()
    with pytest.raises(CommandFailed, match="is not there"):
        place.take(place.opt / OLD, keep=(str(place.opt / "0000000000000000"),))
    assert place.names() == before


def test_clause_3_what_is_kept_was_not_checked(place: Place) -> None:
    """No stamp since the volume was mounted."""
    Path(place.step.stamp).unlink()
    before = place.names()
    with pytest.raises(CommandFailed, match="is not there"):
        place.step.take(place.to)
    assert place.names() == before


@pytest.mark.parametrize("how", ["a link", "another's", "open to all"])
def test_clause_4_a_way_that_is_not_roots(place: Place, how: str) -> None:
    """Whoever owns a folder above could put another in this one's place."""
    if how == "a link":
        place.runtimes.rename(place.runtimes.with_name("elsewhere"))
        place.runtimes.symlink_to(place.runtimes.with_name("elsewhere"))
    elif how == "another's":
        os.chown(place.runtimes, 1000, 1000)
    else:
        place.runtimes.chmod(0o777)
    with pytest.raises(CommandFailed, match=r"is no folder|could be changed by others"):
        place.take(place.runtimes / OLD)
    assert (place.runtimes / OLD / "lib").is_dir()


def test_a_link_is_not_followed(place: Place) -> None:
    """In place of a folder, and within one."""
    mine = place.opt.parent / "mine"
    mine.mkdir()
    (mine / "photo").write_text("mine")
    (place.opt / OTHER).symlink_to(mine)
    (place.runtimes / OLD / "lib/mine").symlink_to(mine)
    place.take(place.opt / OTHER, place.runtimes / OLD)
    assert OTHER not in place.names()
    assert (mine / "photo").read_text() == "mine"


def from_runtime(place: Place) -> Sequence[str | Path]:
    """As the launcher runs the agent: by the environment's own interpreter."""
    interpreter = place.runtimes / OLD / "bin/python"
    interpreter.parent.mkdir(exist_ok=True)
    interpreter.symlink_to(sys.executable)
    return [interpreter, "-c", "import time; print(flush=True); time.sleep(600)"]


def test_clause_5_what_a_process_runs_from_stays(place: Place) -> None:
    """`zagent generate` may run for an hour, and loads modules late. Its compiled code stays with it, the rest goes."""
    with running(*from_runtime(place)):
        assert place.used() == {OLD}
        (place.runtimes / OTHER).mkdir()
        place.take(*map(Path, place.step.paths), place.runtimes / OTHER)
        assert place.names() == {OLD, f"rescue-{OLD}", f"compiled-{OLD}", *TODAYS}
    assert place.used() == set()
    place.step.take(place.to)
    assert place.names() == TODAYS


def test_clause_5_a_process_with_a_library_in_memory(place: Place) -> None:
    """Whatever its words say, and wherever it sees the volume."""
    library = place.runtimes / OLD / "lib/library.so"
    library.write_bytes(Path("/bin/true").read_bytes())
    code = "import mmap, time; m = mmap.mmap(0, 0, access=mmap.ACCESS_READ); print(flush=True); time.sleep(600)"
    with library.open("rb") as file, running(sys.executable, "-c", code, stdin=file):
        assert place.used() == {OLD}
        place.take(place.runtimes / OLD)
        assert library.exists()


def test_clause_5_a_launcher_that_waits(place: Place) -> None:
    """It has read which interpreter it will run, and nobody knows which."""
    waiting = place.opt.parent / "zagent"
    waiting.write_text("#!/bin/sh\necho\nread line\n")
    waiting.chmod(0o755)
    asked = {"launcher": str(waiting), "folders": [str(place.opt)]}
    with running(waiting):
        ran = place.to.host.run(on_host("outdated", json.dumps(asked)))
    assert parsers.used(ran.exit_code, ran.out) == frozenset({OLD, NEW})


def test_clause_5_what_comes_into_use_gets_its_name_back(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the first look and the new name."""
    words = from_runtime(place)
    rename = os.rename
    begun = ExitStack()

    def late(source: Path, target: Path) -> None:
        begun.enter_context(running(*words))
        monkeypatch.setattr(os, "rename", rename)
        rename(source, target)

    monkeypatch.setattr(os, "rename", late)
    folders = [str(place.opt), str(place.runtimes)]
    asked = {"launcher": LAUNCHER, "folders": folders, "keep": list(place.step.keep), "stamp": place.step.stamp}
    with begun:
        assert outdated.main({**asked, "remove": [str(place.runtimes / OLD)]}) == 0
        assert (place.runtimes / OLD / "lib/module.py").exists()
