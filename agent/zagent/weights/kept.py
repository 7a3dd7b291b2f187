"""What a pull keeps of an earlier conversion: what is right, and was made from the very files that the hub lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zagent import text
from zagent.weights import digest, origin, variant
from zagent.weights.manifest import File, Manifest
from zagent.weights.needed import Listed
from zagent.weights.progress import Progress
from zagent.weights.store import held


@dataclass(frozen=True)
class Kept:
    """The converted files that stay, and the paths of the hub's files that need not come, since ``zagent gc`` has put
    those in their place; and the converted files that are of no use any more.
    """

    files: tuple[File, ...] = ()
    spared: frozenset[str] = frozenset()
    dropped: tuple[File, ...] = ()


def kept(folder: Path, old: Manifest | None, listed: Sequence[Listed], progress: Progress) -> Kept:
    """Look at every file that a conversion made by the account of ``old``, the last manifest: all of it is hashed.

    A component is kept whole or not at all. One that is bad, or of another version than is ``listed``, is of no use.
    """
    by_path = {one.path: one for one in listed}
    # A file of such a name that the hub lists is the hub's, be it unconfirmed, and looked at as all of those are.
    ours = tuple(one for one in variant.made_here(old) if one.path not in by_path) if old else ()
    if not ours or old is None:
        return Kept()
    progress.say(f"checking {text.size(sum(one.size for one in ours))} that were converted here")
    fits = digest.in_parallel(lambda one: _fits(folder, one, by_path), ours)
    bad = {variant.component(one.path) for one, good in zip(ours, fits, strict=True) if not good}
    bad |= _not_whole(ours, listed)
    stay = tuple(one for one in ours if variant.component(one.path) not in bad)
    named = {one.path for one in old.files}
    spared = {original for one in stay if (original := variant.original(one.path)) and original not in named}
    return Kept(stay, frozenset(spared), tuple(one for one in ours if one not in stay))


def _fits(folder: Path, file: File, listed: Mapping[str, Listed]) -> bool:
    """Whether a converted file is right, and the file it was made from is the listed one.

    Where the hub lists no hash the size must do, as it does for the hub's own files that were recorded.
    """
    path, source = folder / file.path, listed.get(str(variant.original(file.path)))
    if source is None or held(path) != file.size:
        return False
    if digest.sha256_or_none(path) != file.sha256 or (found := origin.of(path)) is None:
        return False
    return found.size == source.size and source.sha256 in (None, found.sha256)


def _not_whole(ours: Sequence[File], listed: Sequence[Listed]) -> set[str]:
    """The components of which the hub lists weights that were not converted, or no longer those that were."""
    there = variant.by_component(one.path for one in listed if variant.converted(one.path))
    made = variant.by_component(str(variant.original(one.path)) for one in ours)
    return {name for name, paths in made.items() if paths != there.get(name)}


def drop(folder: Path, found: Kept, progress: Progress) -> None:
    """Delete converted files that are of no use, and say how to have them again.

    Safety contract: only files that the last manifest names as made by a conversion, below this model's own folder,
    while this process holds the model's lock and after the manifest was withdrawn; and only of a component of which one
    was read and is not what it should be, can't be read, or was made from another file than the hub lists.
    """
    for one in found.dropped:
        (folder / one.path).unlink(missing_ok=True)
    if found.dropped:
        names = ", ".join(sorted({variant.component(one.path) for one in found.dropped}))
        progress.say(
            f"what was converted of {names} is bad or of another version; zagent weights convert makes it anew"
        )
