"""The words of ``zagent volume``."""

from __future__ import annotations

from shlex import quote

from zagent import text
from zagent.cli.output import Output
from zagent.errors import VolumeError
from zagent.settings import DATA_ROOT, Settings
from zagent.volume import space
from zagent.volume.adopt import Adopted, look
from zagent.volume.guard import identify
from zagent.volume.marker import Marker
from zagent.volume.suitable import Facts


def adopted(output: Output, outcome: Adopted) -> None:
    """Say what was found and what was done."""
    for line in [*_disk_lines(outcome.facts), *_marker_lines(outcome.marker)]:
        output.say(line)
    for line in outcome.facts.warnings:
        output.say(f"note: {line}")
    path = outcome.facts.path
    if outcome.already:
        moved = f"it now lives on {', '.join(outcome.new_disks)}, which its lineage records"
        output.result(f"{path} is a data root already; {moved if outcome.new_disks else 'nothing was changed'}")
        return
    if outcome.marker.kind == "system-disk":
        output.say("note: a system-disk reset takes this folder away; only a backup elsewhere protects it")
    output.result(f"{path} is now a data root")
    output.say(f"next:  export {DATA_ROOT}={quote(str(path))}; zagent pull")


def show(output: Output, settings: Settings) -> None:
    """Describe the data root.

    Raises:
        VolumeError: it is none; what is there instead has been said before.
    """
    root = settings.data_root
    try:
        marker = identify(root)
    except VolumeError:
        for line in _disk_lines(look(root.resolve())) if root.is_dir() else []:
            output.say(line)
        raise
    facts, uses = look(root.resolve()), space.users(settings.layout, settings.modelscope_cache)
    lines = [f"data root    {root}", *_disk_lines(facts), *_marker_lines(marker), "used by"]
    lines += [f"  {text.size(use.size):>10}  {use.name}" for use in uses]
    output.result("\n".join(lines), data_root=root, **_facts(facts), marker=vars(marker), used=_used(uses))


def _used(uses: list[space.Use]) -> dict[str, int]:
    return {use.name: use.size for use in uses}


def _facts(facts: Facts) -> dict[str, object]:
    return {
        "device": facts.mount.source,
        "filesystem": facts.mount.fs_type,
        "fs_uuid": facts.fs_uuid,
        "serials": facts.lineage,
        "size": facts.space.size,
        "free": facts.space.free,
    }


def _disk_lines(facts: Facts) -> list[str]:
    return [
        f"device       {facts.mount.source} at {facts.mount.path}",
        f"filesystem   {facts.mount.fs_type}, uuid {facts.fs_uuid or 'none'}",
        f"serial       {', '.join(facts.lineage) or 'none'}",
        f"size         {text.size(facts.space.size)}, {text.size(facts.space.free)} free",
    ]


def _marker_lines(marker: Marker) -> list[str]:
    return [
        f"marker       {marker.data_id}, {marker.kind}, {marker.owner}, since {marker.created}",
        f"lived on     {', '.join(marker.lineage) or 'no disk with a serial number'}",
    ]
