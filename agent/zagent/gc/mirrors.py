"""What killed backups left in mirrors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from zagent import durable
from zagent.errors import DestinationMissing, ManifestDamaged
from zagent.gc.items import Item, item
from zagent.protect import destinations
from zagent.protect.mirror import home
from zagent.protect.mirror.home import Mirror
from zagent.protect.mirror.keep import PARTIAL
from zagent.volume.layout import Layout
from zagent.weights import manifest


def mirrors(layout: Layout) -> Iterator[Item]:
    """What can go from each mirror that is there; one whose disk is away is passed over.

    Raises:
        SettingsDamaged: the list of destinations can't be understood.
    """
    for one in destinations.known(layout):
        if one.kind == "mirror" and one.folder:
            yield from _left(layout, Mirror(one.folder))


def _left(layout: Layout, mirror: Mirror) -> list[Item]:
    try:
        mirror.require()
        sets = _superseded(layout, mirror)
    except DestinationMissing:
        return []
    except ManifestDamaged:
        sets = []  # what is wanted is not known, so every set stays
    temps = [one for one in sorted(mirror.folder.rglob("*")) if durable.is_leftover(one) and one.is_file()]
    loose = [one for one in temps if not any(folder in one.parents for folder in sets) and not one.is_symlink()]
    folder = mirror.folder
    return [item("half backup", folder, one) for one in sets] + [item("partial file", folder, one) for one in loose]


def _superseded(layout: Layout, mirror: Mirror) -> list[Path]:
    """Half sets that the next backup does not go on from, of models of which the mirror holds another one whole.

    A half set may be whole but for its name, and the only good copy of its version.
    """
    wanted = {_name(manifest.load(one).set_digest) for one in layout.manifests.glob("*.json")}
    whole = [mirror.files(one) for one in home.kept(mirror) if mirror.files(one).is_dir()]
    found = [half for folder in {one.parent for one in whole} for half in folder.glob(f"*{PARTIAL}")]
    done = {one.name for one in whole}
    stale = [one for one in found if _set(one) in done or _set(one) not in wanted]
    return sorted(one for one in stale if one.is_dir() and not one.is_symlink())


def _name(set_digest: str) -> str:
    return set_digest.removeprefix("sha256:")


def _set(half: Path) -> str:
    return half.name.removesuffix(PARTIAL)
