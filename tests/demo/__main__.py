"""Watch zagent keep its promise on this machine; nothing is left behind but two pictures in demo/."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from tests.demo.disk import LoopDisk, why_not
from tests.demo.road import Disproved, Road, Row
from tests.standin import Hub, save_tiny_pipeline

PICTURES = Path(__file__).parent.parent.parent / "demo"


def main() -> int:
    """The exit code: 0 when every step held."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the disk mounted and the data there")
    keep = parser.parse_args().keep
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a kill cleans up as well
    if not os.access(PICTURES if PICTURES.exists() else PICTURES.parent, os.W_OK):
        print(f"scripts/demo: {PICTURES} can't be written; use a clone of your own", file=sys.stderr)
        return 1
    PICTURES.mkdir(exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="zagent-demo-", dir=_place()))
    try:
        return _walk(work, keep)
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
    finally:
        if keep:
            print(f"Left standing: export ZAGENT_DATA_ROOT={work / 'data'}; .venv/bin/zagent doctor")
        else:
            shutil.rmtree(work)


def _place() -> str | None:
    """Where to work: a /tmp in memory is no place for a data root, /var/tmp outlives a boot."""
    given = os.environ.get("TMPDIR")
    return given or (None if Path("/tmp").stat().st_dev == Path("/").stat().st_dev else "/var/tmp")


def _walk(work: Path, keep: bool) -> int:
    reason = why_not(work)
    disk = None if reason else LoopDisk(work / "disk.img", work / "data")
    _introduce(reason)
    try:
        with Hub(save_tiny_pipeline(work / "repository")) as hub:
            road = Road(work, PICTURES, hub, disk, hub.url)
            return _outcome(road)
    finally:
        if disk and not keep:
            disk.remove()


def _introduce(reason: str | None) -> None:
    print("zagent's promise on this machine, in about a minute: weights are pulled once, the system disk is reset,")
    print("and the same picture is made again with the hub gone. Everything is real but the weights, which are tiny")
    print("and random (the picture is coloured noise), served under the real model's name by a hub on loopback.")
    if reason:
        print(f"Left out: a data disk of its own and mounting it again ({reason}).")
    print(flush=True)


def _outcome(road: Road) -> int:
    try:
        road.walk()
    except Disproved as error:
        print(f"\nFAILED: {error}", file=sys.stderr)
        return 1
    print("\n" + "\n".join(_table(road.rows)))
    print(f"\nThe pictures: {road.pictures / 'first.png'} and {road.pictures / 'second.png'}")
    return 0


def _table(rows: list[Row]) -> list[str]:
    head = f"{'step':<24} {'seconds':>8} {'from the hub':>14}  what it proved"
    return [head, *(f"{one.step:<24} {one.seconds:>8.1f} {one.hub_bytes:>12} B  {one.proved}" for one in rows)]


if __name__ == "__main__":
    sys.exit(main())
