"""What checks found bad: under which name, put together, and in words. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from zagent.weights.manifest import Manifest

Bad = Mapping[str, Collection[str]]
"""The paths that are bad, by the key of their set, or by a name of the destination's own. Empty where all is right."""

_DIGEST = "sha256:"

REPOSITORY = "repository"
"""Under which name a check tells of bad packs: they belong to no one model."""


def key(wanted: Manifest) -> str:
    """Under which name the bad files of a set are known: two versions of a model have two.

    Equal sets have one, whichever revision they are kept as: they lie in one place.
    """
    return f"{wanted.model} {wanted.set_digest}"


def union(one: Bad, other: Bad) -> dict[str, tuple[str, ...]]:
    """What either names."""
    return {name: tuple(sorted({*one.get(name, ()), *other.get(name, ())})) for name in sorted({*one, *other})}


def minus(one: Bad, other: Bad) -> dict[str, tuple[str, ...]]:
    """What only the first names."""
    left = {name: tuple(sorted({*paths} - {*other.get(name, ())})) for name, paths in one.items()}
    return {name: paths for name, paths in left.items() if paths}


def named(bad: Bad) -> list[str]:
    """A line for each file, with as much of the set's digest as tells it from others."""
    return [f"{path} of {_words(name)}" for name, paths in bad.items() for path in paths]


def _words(name: str) -> str:
    what, _, digest = name.rpartition(" ")
    return f"{what} ({digest[:19]}…)" if digest.startswith(_DIGEST) else name


def mending(bad: Bad, own: Collection[str], name: str) -> str:
    """The command that mends the bad files in the destination ``name``; ``own`` are the digests of the sets here.

    Others' sets can't be copied from here.
    """
    digests = [one.rpartition(" ")[2] for one in bad]
    if any(one in own or not one.startswith(_DIGEST) for one in digests):
        return f"zagent backup now {name}   copies what is bad again, from weights that are proved on the way"
    return f"zagent backup   on the data root that keeps it there; zagent backup ls {name}   tells which"
