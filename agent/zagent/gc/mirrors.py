"""What killed backups left in mirrors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from zagent import durable
from zagent.errors import DestinationFailed, DestinationMissing, ManifestDamaged
from zagent.gc.items import Item, item
from zagent.protect import destinations
from zagent.protect.mirror import notes
from zagent.protect.mirror.home import PARTIAL, Mirror
from zagent.volume import guard
from zagent.volume.layout import Layout
from zagent.weights import manifest


def mirrors(layout: Layout) -> Iterator[Item]:
    """What can go from each mirror that is there; one whose disk is away, or fails, is passed over.

    Raises:
        SettingsDamaged: the list of destinations can't be understood.
    """
    for one in destinations.known(layout):
        if one.kind == "mirror" and one.folder:
            with suppress(DestinationMissing, DestinationFailed):
                yield from _left(layout, Mirror(one.folder))


def _left(layout: Layout, mirror: Mirror) -> list[Item]:
    mirror.require()
    with mirror.told():
        sets, folder = _superseded(layout, mirror), mirror.folder
        temps = [one for one in sorted(folder.rglob("*")) if durable.is_leftover(one) and one.is_file()]
        loose = [one for one in temps if not any(half in one.parents for half in sets) and not one.is_symlink()]
        return [item("half backup", folder, one) for one in sets] + [item("partial file", folder, one) for one in loose]


def _superseded(layout: Layout, mirror: Mirror) -> list[Path]:
    """Half sets that no next backup goes on from, of models of which the mirror holds another one whole.

    A half set may be whole but for its name, and the only good copy of its version: it stays as long as a manifest
    here asks for it, or another data root has begun it, and where a manifest or a note can't be read.
    """
    needed = notes.named(mirror, but=guard.identify(layout.root).data_id)
    if needed is None:
        return []
    try:
        here = {_name(manifest.load(one).set_digest) for one in layout.manifests.glob("*.json")}
    except ManifestDamaged:
        return []
    whole = [one for known in notes.readable(notes.kept(mirror)) if (one := mirror.files(known)).is_dir()]
    found = [half for folder in {one.parent for one in whole} for half in folder.glob(f"*{PARTIAL}")]
    done = {one.name for one in whole}
    stale = [one for one in found if _set(one) in done or _set(one) not in {*here, *needed}]
    return sorted(one for one in stale if one.is_dir() and not one.is_symlink())


def _name(set_digest: str) -> str:
    return set_digest.removeprefix("sha256:")


def _set(half: Path) -> str:
    return half.name.removesuffix(PARTIAL)
