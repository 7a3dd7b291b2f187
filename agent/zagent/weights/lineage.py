"""Which sets of files give the same images, though a conversion made one of the other."""

from __future__ import annotations

from pathlib import Path

from zagent.weights import origin, variant
from zagent.weights.manifest import File, Manifest, set_digest


def same_images(folder: Path, present: Manifest, precision: str) -> frozenset[str]:
    """The digests of all sets that give in ``precision`` what ``present`` gives, its own among them.

    In bfloat16 those are the hub's files, the same beside converted ones, and the converted ones alone. In another
    precision the converted ones count for nothing as long as the hub's are there, and for themselves afterwards. A set
    that has some of the hub's files and lacks others gives what no other does.

    Raises:
        OSError: a converted file can't be read.
    """
    ours = variant.made_here(present)
    replaced = {str(variant.original(one.path)): origin.of(folder / one.path) for one in ours}
    sources = [File(path, found.size, found.sha256) for path, found in replaced.items() if found]
    rest = [one for one in present.files if one not in ours and one.path not in replaced]
    small, both, hubs = (set_digest([*rest, *more]) for more in (ours, (*ours, *sources), sources))
    if len(sources) < len(ours) or present.set_digest not in (small, both):
        return frozenset({present.set_digest})
    if precision == variant.PRECISION:
        return frozenset({small, both, hubs})
    return frozenset({both, hubs} if present.set_digest == both else {small})
