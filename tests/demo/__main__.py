"""Watch zagent keep its promise on this machine; nothing is left behind but the pictures and a report in demo/."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from tests.demo import plan, report
from tests.demo.agent_road import environment
from tests.demo.cloud_road import CloudRoad
from tests.demo.commands import STACK
from tests.demo.disk import LoopDisk
from tests.demo.protection_road import ProtectionRoad
from tests.demo.report import Chapter, Story
from tests.demo.road import Disproved, Road, Row, last_words, table
from tests.demo.setup import SetUp
from tests.localcloud.local import LocalCloud
from tests.standin import Hub, save_tiny_pipeline

REPOSITORY = Path(__file__).parent.parent.parent
PICTURES = REPOSITORY / "demo"
STACK_FILE = REPOSITORY / f"Pulumi.{STACK}.yaml"


@dataclass(frozen=True)
class Asked:
    """The command line."""

    quick: bool
    keep: bool
    require_all: bool


def main() -> int:
    """The exit code: 0 when every step held."""
    asked = _asked()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a kill cleans up as well
    if not os.access(PICTURES if PICTURES.exists() else PICTURES.parent, os.W_OK):
        print(f"scripts/demo: {PICTURES} can't be written; use a clone of your own", file=sys.stderr)
        return 1
    if STACK_FILE.exists() and not asked.quick:
        print(f"scripts/demo: {STACK_FILE} is of a demonstration that was kept or killed", file=sys.stderr)
        print(f"  end that one as it said, then: rm {STACK_FILE}", file=sys.stderr)
        return 1
    PICTURES.mkdir(exist_ok=True)
    (PICTURES / report.NAME).unlink(missing_ok=True)  # an older one must not speak for this run
    work = Path(tempfile.mkdtemp(prefix="zagent-demo-", dir=_place()))
    story = Story()
    try:
        with ExitStack() as stack:
            stack.callback(_leave if asked.keep else shutil.rmtree, work)
            return _walk(work, asked, story, stack)
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
    finally:
        _report(story)


def _report(story: Story) -> None:
    """After the cleaning up, so that an impatient second Ctrl-C costs the report and nothing else."""
    if story.rows:
        print(f"The report is {report.write(PICTURES, story)}", flush=True)


def _asked() -> Asked:
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the agent alone, without a cloud: about a minute")
    parser.add_argument("--keep", action="store_true", help="leave everything running, and say how to go on and end it")
    parser.add_argument("--require-all", action="store_true", help="fail when a part can't be had on this machine")
    return Asked(**vars(parser.parse_args()))


def _place() -> str | None:
    """Where to work: a /tmp in memory is no place for a data root, /var/tmp outlives a boot."""
    given = os.environ.get("TMPDIR")
    return given or (None if Path("/tmp").stat().st_dev == Path("/").stat().st_dev else "/var/tmp")


def _walk(work: Path, asked: Asked, story: Story, stack: ExitStack) -> int:
    """The agent's road while the cloud is being made, then the road through the cloud."""
    began = time.monotonic()
    parts = story.parts = plan.look(work, quick=asked.quick)
    print("\n".join(parts.lines()), flush=True)
    if asked.require_all and parts.left_out:
        print("scripts/demo: --require-all, but something is left out", file=sys.stderr)
        return 1
    set_up = SetUp(work / "cloud") if parts.cloud else None
    if set_up:
        stack.callback(set_up.leave if asked.keep else set_up.end)
        story.set_up_began = time.monotonic()
        set_up.begin()
    held = _agent(work, asked, story, stack)
    if held and set_up:
        print(f"\nA first picture after {time.monotonic() - began:.0f} s. Now the same through a cloud.\n", flush=True)
        held = _cloud(work, set_up, story, stack, keep=asked.keep)
    story.held = held
    return 0 if held else 1


def _agent(work: Path, asked: Asked, story: Story, stack: ExitStack) -> bool:
    data, system, copies = work / "data", work / "system-disk", work / "second-disk"
    disk, second = (LoopDisk(one.with_suffix(".img"), one) if story.parts.disk else None for one in (data, copies))
    if asked.keep and asked.quick:
        stack.callback(_tell, data, disk, second)
    else:
        for one in filter(None, (disk, second)):
            stack.callback(one.remove)
    chapter = story.open("With the agent alone")
    with Hub(save_tiny_pipeline(work / "repository")) as hub:
        road = ProtectionRoad(
            pictures=PICTURES,
            hub_bytes=lambda: hub.body_bytes,
            environment=environment(data, system, hub.url),
            rows=chapter.rows,
            left=chapter.left,
            data=data,
            system=system,
            hub=hub,
            address=hub.url,
            disk=disk,
            copies=copies,
            second=second,
            restic=story.parts.restic,
        )
        return _outcome(road)


def _cloud(work: Path, set_up: SetUp, story: Story, stack: ExitStack, *, keep: bool) -> bool:
    chapter = story.open("Through a cloud")
    try:
        cloud = _ready(set_up, story, chapter)
    except Disproved as error:
        print(f"\nFAILED: {error}", file=sys.stderr)
        return False
    temporary = work / "tmp"  # what an interrupted engine leaves goes with the rest
    temporary.mkdir()
    road = CloudRoad(
        pictures=PICTURES,
        hub_bytes=cloud.hub_bytes,
        environment={**os.environ, **cloud.environment(), "TMPDIR": str(temporary)},
        rows=chapter.rows,
        left=chapter.left,
        project=REPOSITORY,
        keys=work / "keys",
    )
    if not keep:
        stack.callback(road.forget)
    return _outcome(road)


def _ready(set_up: SetUp, story: Story, chapter: Chapter) -> LocalCloud:
    """The cloud; the set-up leaves a row like any other step."""
    proved = "Pulumi CLI, VM image, AWS's API and a hub, made beside the above"
    row = Row("set-up", 0.0, 0, proved, story.set_up_began, ("scripts/localcloud start",))
    try:
        cloud = set_up.wait()
    except BaseException as error:
        seconds = time.monotonic() - story.set_up_began
        chapter.rows.append(replace(row, seconds=seconds, proved="", error=last_words(error)))
        raise
    chapter.rows.append(replace(row, seconds=set_up.seconds))
    story.cloud = True
    return cloud


def _outcome(road: Road) -> bool:
    try:
        road.walk()
    except Disproved as error:
        print(f"\nFAILED: {error}", file=sys.stderr)
        return False
    print(f"\n{table(road.rows)}\n\nThe pictures are in {road.pictures}.")
    return True


def _tell(data: Path, *disks: LoopDisk | None) -> None:
    print(f"To go on: export ZAGENT_DATA_ROOT={data}; .venv/bin/zagent doctor")
    made = [f"umount {one.folder}; losetup --detach {one.device}" for one in disks if one and one.device]
    print(f"To end it: {'; '.join([*made, f'rm -r {data.parent}'])}")


def _leave(work: Path) -> None:
    print(f"Left standing: {work}")


if __name__ == "__main__":
    sys.exit(main())
