"""Reading a mirror back: all of it, or one of the parts that make it up."""

from __future__ import annotations

from collections.abc import Sequence

from zagent.protect.bad import Bad, key
from zagent.protect.engine import PARTS
from zagent.protect.mirror.home import Mirror
from zagent.weights.digest import OnBytes
from zagent.weights.manifest import File, Manifest
from zagent.weights.verify import verify


def part(files: Sequence[File], number: int) -> list[File]:
    """The files of part ``number`` (from 0) of PARTS: together they are all, and no part is much larger. Pure."""
    sizes, parts = [0] * PARTS, [[] for _ in range(PARTS)]  # type: tuple[list[int], list[list[File]]]
    for file in sorted(files, key=lambda one: (-one.size, one.path)):
        smallest = sizes.index(min(sizes))
        sizes[smallest] += file.size
        parts[smallest].append(file)
    return parts[number]


def check(mirror: Mirror, wanted: Manifest, files: Sequence[File], on_bytes: OnBytes = lambda count: None) -> Bad:
    """What is bad among ``files`` of a set that the mirror holds; a file's size is compared before it is read."""
    chosen = Manifest(wanted.model, wanted.revision, wanted.commit, wanted.source, tuple(files))
    found = verify(mirror.files(wanted), chosen, quick=False, on_bytes=on_bytes).bad
    return {key(wanted): tuple(one.path for one in found)} if found else {}
