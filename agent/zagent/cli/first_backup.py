"""What comes after weights came: their first backup, or the words that lead to one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from zagent.cli import backup_report
from zagent.cli.output import Output
from zagent.errors import ZagentError
from zagent.protect import destinations, record
from zagent.protect.destinations import Destination
from zagent.volume.layout import Layout
from zagent.weights.manifest import Manifest
from zagent.weights.model import Model
from zagent.weights.store import Store


def begin(output: Output, store: Store, found: Manifest) -> None:
    """Back weights up that are here, wherever that was not done yet.

    Raises:
        ZagentError: the backup's; before it is told that the weights are here.
    """
    try:
        _begin(output, store, found)
    except ZagentError:
        output.say(f"{found.model} is here, whole; what failed is its backup")
        raise


def _begin(output: Output, store: Store, found: Manifest) -> None:
    layout = store.settings.layout
    known = destinations.known(layout)
    lacking = [one for one in known if not _holds(layout, one, found)]
    if not known:
        add = f"{_as_root(layout.backups)}zagent backup add NAME /path/on/another/disk"
        output.say(f"there is no second copy yet, and this disk can be lost: {add}")
    elif lacking and (sudo := _as_root(layout.backups, *_folders(lacking))):
        names = ", ".join(one.name for one in lacking)
        output.say(f"the second copy ({names}) does not have it yet: {sudo}zagent backup")
    elif lacking:
        backup_report.now(output, store, None)


def _holds(layout: Layout, destination: Destination, found: Manifest) -> bool:
    success = record.read(layout, destination.name).success
    return success is not None and success.sets.get(Model(found.model, found.revision).words) == found.set_digest


def _folders(known: Sequence[Destination]) -> list[Path]:
    return [one.folder for one in known if one.folder]


def _as_root(*folders: Path) -> str:
    """What must stand before a command that writes these folders; one that is missing is asked through its parent."""
    nearest = [next(one for one in (folder, *folder.parents) if one.exists()) for folder in folders]
    return "" if os.geteuid() == 0 or all(os.access(one, os.W_OK, effective_ids=True) for one in nearest) else "sudo "
