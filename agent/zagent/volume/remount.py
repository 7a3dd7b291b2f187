"""``zagent volume mount``: find the data volume among the attached disks by its marker, and mount it.

The rescue after a boot without it, and after a system-disk reset, when nothing on the system disk remembers it.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from zagent.errors import DataRootMissing, MarkerDamaged, MountFailed, NotAdopted, RootNeeded, ToolMissing, WrongVolume
from zagent.volume import guard, marker, mounts
from zagent.volume.layout import Layout

OPTIONS = "noatime,nosuid,nodev"

LOOK_ONLY = {
    "xfs": "ro,norecovery,nouuid",
    "ext4": "ro,noload",
    "ext3": "ro,noload",
    "ext2": "ro",
    "btrfs": "ro,rescue=nologreplay",
}
"""Mount options that keep even the journal from being replayed: looking must change nothing. No other filesystem
is looked at."""

BLOCK = Path("/sys/class/block")


@dataclass(frozen=True)
class Seen:
    """An attached, unmounted filesystem, and the marker on it or why there is none to trust."""

    device: str
    fs_type: str
    found: marker.Marker | str

    @property
    def uuid(self) -> str | None:
        """The filesystem uuid of a trusted marker."""
        return self.found.fs_uuid if isinstance(self.found, marker.Marker) else None

    def __str__(self) -> str:
        what = f"--uuid {self.uuid}" if self.uuid else self.found
        return f"{self.device} ({self.fs_type}, {what})"


def mount(root: Path, wanted_uuid: str | None = None) -> Seen | None:
    """Mount the data volume at ``root``; None when ``root`` is a data root already.

    Raises:
        RootNeeded, ToolMissing: it can't be tried.
        MountFailed: no volume, or more than one, or the mount itself failed; ``root`` is as before.
        VolumeError: something else with a marker is there.
    """
    if _is_there(root, wanted_uuid):
        return None
    if os.geteuid() != 0:
        raise RootNeeded(what="mount", command="zagent volume mount")
    _require_bare(root)
    chosen = choose(attached(), root, wanted_uuid)
    is_new = not root.exists()
    root.mkdir(parents=True, exist_ok=True)
    try:
        _mount(chosen.device, chosen.fs_type, root, OPTIONS)
    except MountFailed:
        if is_new:
            root.rmdir()
        raise
    guard.identify(root)
    return chosen


def _is_there(root: Path, wanted_uuid: str | None) -> bool:
    try:
        found = guard.identify(root)
    except (DataRootMissing, NotAdopted, WrongVolume):
        return False
    if wanted_uuid in (None, found.fs_uuid):
        return True
    raise MountFailed(path=root, why=f"another data volume is mounted there, with uuid {found.fs_uuid}")


def _require_bare(root: Path) -> None:
    if not root.is_dir():
        return
    over = mounts.of(root)
    if over and over.path == root.resolve():
        raise MountFailed(path=root, why=f"{over.source} is mounted there and is no data root; umount it first")
    if any(root.iterdir()):
        raise MountFailed(path=root, why="the folder holds files that the mount would hide; move them away")


def choose(seen: list[Seen], root: Path, wanted_uuid: str | None) -> Seen:
    """The one volume meant. Pure.

    Raises:
        MountFailed: none, or more than one, with what was looked at.
    """
    fitting = [one for one in seen if one.uuid and wanted_uuid in (None, one.uuid)]
    if len(fitting) == 1:
        return fitting[0]
    raise MountFailed(path=root, why=_none(seen, wanted_uuid) if not fitting else _several(fitting, root))


def _none(seen: list[Seen], wanted_uuid: str | None) -> str:
    sought = f"the marker of {wanted_uuid}" if wanted_uuid else "a marker"
    return f"no attached, unmounted disk carries {sought}; looked at: {', '.join(map(str, seen)) or 'nothing'}"


def _several(fitting: list[Seen], root: Path) -> str:
    names = ", ".join(map(str, fitting))
    if len({one.uuid for one in fitting}) == len(fitting):
        return f"more than one data volume is attached: {names}"
    by_hand = f"mount -o {OPTIONS} DEVICE {quote(str(root))}"
    return f"copies of one data volume are attached: {names}; detach one, or mount by hand: {by_hand}"


def attached() -> list[Seen]:
    """Every attached filesystem that is mounted nowhere; each is looked at read-only."""
    found = ((device, _blkid(device)) for device in unmounted(mounts.current()))
    return [_look(device, *known) for device, known in found if known and known[0] in LOOK_ONLY]


def unmounted(mounted: list[mounts.Mount], block: Path = BLOCK) -> list[str]:
    """The paths of the block devices that hold something and are mounted nowhere this process sees."""
    taken = {one.device for one in mounted} | {one.source for one in mounted}
    return [path for folder in sorted(block.glob("*")) if (path := _free(folder, taken))]


def _free(folder: Path, taken: set[str]) -> str | None:
    try:
        number, sectors = (folder / "dev").read_text().strip(), int((folder / "size").read_text())
    except OSError:  # it went away just now
        return None
    path = f"/dev/{folder.name.replace('!', '/')}"
    return None if not sectors or {number, path} & taken else path


def _blkid(device: str) -> tuple[str, str] | None:
    """Filesystem type and uuid, read from the device itself."""
    out = _run("util-linux", "blkid", "-p", "-o", "export", device).stdout
    facts = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
    return (facts["TYPE"], facts["UUID"]) if {"TYPE", "UUID"} <= facts.keys() else None


def _look(device: str, fs_type: str, uuid: str) -> Seen:
    try:
        with _looking(device, fs_type) as folder:
            found = marker.read(Layout(folder))
    except (MountFailed, MarkerDamaged, OSError) as error:
        why = error.strerror if isinstance(error, OSError) else error.facts["why"]
        return Seen(device, fs_type, f"can't be looked at: {why}")
    if found and found.fs_uuid != uuid:
        return Seen(device, fs_type, "carries another disk's marker")
    return Seen(device, fs_type, found or "no marker; its journal was left alone")


@contextmanager
def _looking(device: str, fs_type: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="zagent-look-"))
    try:
        _mount(device, fs_type, folder, f"{LOOK_ONLY[fs_type]},nosuid,nodev,noexec")
        try:
            yield folder
        finally:
            _run("mount", "umount", str(folder))
    finally:
        folder.rmdir()  # never a recursive delete: it could still be mounted


def _mount(device: str, fs_type: str, folder: Path, options: str) -> None:
    done = _run("mount", "mount", "-t", fs_type, "-o", options, device, str(folder))
    if done.returncode != 0:
        raise MountFailed(path=folder, why=done.stderr.strip().partition("\n")[0] or "mount failed")


def _run(package: str, *command: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False)
    except (FileNotFoundError, PermissionError) as error:  # the latter where PATH holds a closed folder
        raise ToolMissing(tool=command[0], package=package) from error
