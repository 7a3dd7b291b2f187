"""The data root itself: its disk, its free space, and the folders of its people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from zagent import text
from zagent.doctor.check import Finding, ok, warning
from zagent.errors import NotEnoughSpace
from zagent.protect.destinations import Destination
from zagent.status.row import Row
from zagent.volume import disk, mounts, space, trend
from zagent.volume.layout import Layout
from zagent.volume.marker import Marker
from zagent.volume.space import Space
from zagent.volume.trend import Sample

ADD = "zagent backup add NAME /path/on/another/disk   then: zagent backup"

FREE = "zagent gc   frees what nobody needs; zagent volume show   tells who uses the rest"

LITTLE = 20 * 10**9
"""Bytes free under which a warning is due; on a small disk a tenth of it is enough."""

SOON = 14
"""Days until full under which a warning is due."""


def data_root(root: Path, marker: Marker, *, has_copy: bool | None) -> Row:
    """Which disk it lies on, and whether that can be relied on; ``has_copy`` is None where that is not known."""
    mount = mounts.of(root)
    disks = ", ".join(f"{one.name}, {text.size(one.size)}" for one in (disk.below(mount) if mount else []))
    line = f"{root}: {marker.kind} ({disks or 'no disk below it'}), {mount.fs_type if mount else marker.fs_type}"
    facts = {"path": root, "kind": marker.kind, "disks": disks, "data_id": marker.data_id}
    if mount and mount.fs_type in mounts.MEMORY:
        line += "; it is memory, gone after a boot"
        return Row("data root", warning(line, "zagent volume adopt PATH   where PATH is on a disk"), facts)
    return Row("data root", _kind(line, marker, has_copy=has_copy), facts)


def _kind(line: str, marker: Marker, *, has_copy: bool | None) -> Finding:
    if marker.kind != "system-disk":
        return ok(line)
    risk = f"{line}; at risk: a system-disk reset takes it away"
    if has_copy is False:
        return warning(risk, ADD)
    return ok(f"{risk}, and a backup brings it back" if has_copy else risk)


def people(layout: Layout, known: Sequence[Destination]) -> list[Row]:
    """Whether the users' folders have a copy; no row where there are none."""
    names = [one.name for one in sorted(layout.people.glob("*")) if one.is_dir() and not one.is_symlink()]
    keep = [one.name for one in known if one.kind == "restic"]
    if not names:
        return []
    facts = {"users": names, "destinations": keep}
    if keep:
        return [Row("people", ok(f"the folders of {_some(names)} go to {', '.join(keep)}"), facts)]
    line = f"the folders of {_some(names)} have no copy: only a restic destination takes them"
    remedy = "zagent backup add NAME restic:/path/on/another/disk   or sftp:… or s3:…"
    return [Row("people", warning(line, remedy), facts)]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


def free(layout: Layout, marker: Marker, now: datetime) -> Row:
    """How much is free, and for how long that lasts if it goes on like this."""
    found = space.of(layout.root)
    samples = [*trend.read(layout), Sample(now, found.free)]
    days = trend.days_until_full(samples, now, datetime.fromisoformat(marker.created))
    facts = {"free": found.free, "size": found.size, "days_until_full": days}
    return Row("space", judge(layout.root, found, days), facts)


def judge(root: Path, found: Space, days: float | None) -> Finding:
    """What to think of a filesystem's free space. Pure."""
    least = min(space.RESERVE, found.size // 100)
    if found.free < least:
        error = NotEnoughSpace(path=root, free=text.size(found.free), needed=text.size(least))
        return Finding("error", f"{error.message}: nothing more is written", FREE, error.exit_code)
    line = f"{text.size(found.free)} of {text.size(found.size)} free, {_lasts(days)}"
    is_little = found.free < min(LITTLE, found.size // 10) or (days is not None and days < SOON)
    return warning(line, FREE) if is_little else ok(line)


def _lasts(days: float | None) -> str:
    if days is None:
        return "not shrinking, as far as is known"
    return f"full in about {days:.0f} days at this rate" if days < 1000 else "enough for years at this rate"
