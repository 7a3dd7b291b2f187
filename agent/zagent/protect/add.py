"""``zagent backup add``: is this a place for a second copy?"""

from __future__ import annotations

from pathlib import Path
from shlex import quote

from zagent.errors import DestinationMissing, DestinationRefused, ResticFailed
from zagent.protect import destinations, engines, record
from zagent.protect.destinations import Destination
from zagent.protect.record import Record
from zagent.volume import disk, guard, mounts
from zagent.volume.layout import Layout

ELSEWHERE = (
    "check the address (s3:https://HOST/BUCKET/FOLDER, sftp:USER@HOST:/FOLDER) and the credentials in "
    "/etc/zagent/backup.env, then run the same command again"
)
"""What mends it where a repository elsewhere can't be made."""


def add(layout: Layout, name: str, target: str, *, same_device: bool, replace: bool = False) -> Destination:
    """Make ``target`` a destination and note it under ``name``; again where its disk was replaced by an empty one.

    What earlier runs under that name have copied counts no more: the next one finds out what is there. With
    ``replace`` it takes the place of another of that name, whose copies stay: the list names the one or the other,
    wherever this is cut off.

    Raises:
        DestinationRefused: it would be lost with the weights, or is something else already.
        VolumeError: the data root takes no writes.
        ProtectError: it can't be made one.
    """
    guard.guard(layout.root, layout.backups)
    made, known = destinations.named(name, target), destinations.known(layout)
    others = [one for one in known if one != made]
    if not replace and any(one.name == name for one in others):
        hint = f"zagent backup add ANOTHER-NAME {quote(target)}   or, in its place: --replace"
        raise DestinationRefused(target=target, why=f"{name} is another destination's name", hint=hint)
    if made.folder:
        require_apart(layout.root, made.folder, name, same_device=same_device)
    _make(layout, made)
    if record.read(layout, name) != Record():
        record.change(layout, name, lambda past: Record(check=past.check if made in known else None))
    if made not in known:
        destinations.write(layout, [*(one for one in known if one.name != name), made])
    return made


def _make(layout: Layout, made: Destination) -> None:
    """Make it what it is to be.

    Raises:
        DestinationRefused: restic can't; its own remedies are for what is a destination already.
        ProtectError: it is something else, or does not open.
    """
    try:
        engines.engine(layout, made).make()
    except (DestinationMissing, ResticFailed) as error:
        hint = f"df -h {quote(str(made.folder.parent))}; dmesg   tell of its disk" if made.folder else ELSEWHERE
        raise DestinationRefused(target=made.target, why=error.facts["why"], hint=hint) from error


def remove(layout: Layout, name: str) -> Destination:
    """Forget a destination; what it holds stays as it is.

    Raises:
        NoDestination: there is none of that name.
    """
    guard.guard(layout.root, layout.backups)
    found = destinations.require(layout, name)
    destinations.write(layout, [one for one in destinations.known(layout) if one != found])
    return found


def require_apart(root: Path, folder: Path, name: str, *, same_device: bool) -> None:
    """Make sure that no one disk holds both the data root and its copy.

    Raises:
        DestinationRefused: it does, and nobody said that they know; or ``folder`` is no place at all.
    """
    if not folder.parent.is_dir():
        hint = f"mount the disk first, or: mkdir -p {quote(str(folder.parent))}"
        raise DestinationRefused(target=folder, why=f"there is no {folder.parent}", hint=hint)
    nearest = folder if folder.exists() else folder.parent
    if root.resolve() in (folder.resolve(), *folder.resolve().parents):
        raise DestinationRefused(target=folder, why="it lies on the data root itself", hint=_elsewhere(name))
    shared = sorted(_devices(root) & _devices(nearest))
    if shared and not same_device:
        why = f"it lies on {' and '.join(shared)}, as the weights do: what takes the one takes the other"
        hint = f"{_elsewhere(name)}, or --same-device if you know"
        raise DestinationRefused(target=folder, why=why, hint=hint)


def _elsewhere(name: str) -> str:
    return f"zagent backup add {name} FOLDER-ON-ANOTHER-DISK"


def _devices(path: Path) -> set[str]:
    """The disks below a folder; its filesystem's own number where it has none, as in memory or on a network."""
    mount = mounts.of(path)
    return {one.name for one in disk.below(mount)} if mount and disk.below(mount) else {f"device {path.stat().st_dev}"}
