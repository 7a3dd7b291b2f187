"""``zagent volume mount``: find the data volume among the attached disks by its marker, and mount it.

The rescue after a boot without it, and after a system-disk reset, when nothing on the system disk remembers it.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zagent.errors import MarkerDamaged, MountFailed, RootNeeded, ToolMissing
from zagent.volume import guard, marker
from zagent.volume.layout import Layout

OPTIONS = "noatime,nosuid,nodev"
_LOOK_ONLY = {"xfs": "ro,norecovery,nouuid", "ext4": "ro,noload", "ext3": "ro,noload"}
"""Mount options that keep even the journal from being replayed: looking must change nothing."""


@dataclass(frozen=True)
class Candidate:
    """An attached, unmounted filesystem that carries a marker which agrees with its uuid."""

    device: str
    fs_type: str
    marker: marker.Marker


def mount(root: Path, wanted_uuid: str | None = None) -> Candidate | None:
    """Mount the data volume at ``root``; None when it is mounted there already.

    Raises:
        RootNeeded, ToolMissing: it can't be tried.
        MountFailed: no volume, or more than one, or the mount itself failed; ``root`` is as before.
    """
    if _is_mounted(root):
        return None
    if os.geteuid() != 0:
        raise RootNeeded(what="mount", command="zagent volume mount")
    chosen = choose(candidates(), root, wanted_uuid)
    if root.is_dir() and any(root.iterdir()):
        raise MountFailed(path=root, why="the folder holds files that the mount would hide; move them away")
    root.mkdir(parents=True, exist_ok=True)
    _mount(chosen.device, root, OPTIONS)
    guard.identify(root)
    return chosen


def _is_mounted(root: Path) -> bool:
    return root.is_mount() and marker.read(Layout(root)) is not None


def choose(found: list[Candidate], root: Path, wanted_uuid: str | None) -> Candidate:
    """The one volume meant. Pure.

    Raises:
        MountFailed: none, or more than one.
    """
    fitting = [one for one in found if wanted_uuid in (None, one.marker.fs_uuid)]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise MountFailed(path=root, why="no attached, unmounted disk carries a marker")
    names = ", ".join(f"{one.device} (--uuid {one.marker.fs_uuid})" for one in fitting)
    raise MountFailed(path=root, why=f"more than one data volume is attached: {names}")


def candidates() -> list[Candidate]:
    """Every attached data volume that is not mounted; each is looked at read-only."""
    found = (_look(device, *filesystem) for device in unmounted(_lsblk()) if (filesystem := _blkid(device)))
    return [one for one in found if one is not None]


def unmounted(listing: str) -> list[str]:
    """The device paths of ``lsblk --json --list`` that are mounted nowhere. Pure."""
    devices: list[dict[str, Any]] = json.loads(listing)["blockdevices"]
    return [one["path"] for one in devices if not any(one["mountpoints"]) and one["type"] != "rom"]


def _lsblk() -> str:
    return _run("util-linux", "lsblk", "--json", "--list", "-o", "PATH,TYPE,MOUNTPOINTS").stdout


def _blkid(device: str) -> tuple[str, str] | None:
    """Filesystem type and uuid, read from the device itself."""
    out = _run("util-linux", "blkid", "-p", "-o", "export", device).stdout
    facts = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
    return (facts["TYPE"], facts["UUID"]) if {"TYPE", "UUID"} <= facts.keys() else None


def _look(device: str, fs_type: str, uuid: str) -> Candidate | None:
    try:
        with _looking(device, _LOOK_ONLY.get(fs_type, "ro")) as folder:
            found = marker.read(Layout(folder))
    except (MountFailed, MarkerDamaged, OSError):
        return None
    return Candidate(device, fs_type, found) if found and found.fs_uuid == uuid else None


@contextmanager
def _looking(device: str, options: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="zagent-look-") as name:
        folder = Path(name)
        _mount(device, folder, f"{options},nosuid,nodev,noexec")
        try:
            yield folder
        finally:
            _run("util-linux", "umount", str(folder))


def _mount(device: str, folder: Path, options: str) -> None:
    done = _run("mount", "mount", "-o", options, device, str(folder))
    if done.returncode != 0:
        raise MountFailed(path=folder, why=done.stderr.strip().splitlines()[0] if done.stderr else "mount failed")


def _run(package: str, *command: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise ToolMissing(tool=command[0], package=package) from error
