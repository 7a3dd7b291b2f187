"""Which of a stack's snapshots nobody needs any more. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from infra.account.policies import MADE_BY
from infra.account.snapshots import FINAL, VERIFIED, Snapshot
from infra.lookup.volume import newest

ENDED = ("completed", "error")
"""States in which nothing happens to a snapshot: neither in the making nor on its way out of an archive."""


@dataclass(frozen=True)
class There:
    """What there is of a stack.

    ``volumes`` are the living data volumes, ``disks`` the living system disks, ``policies`` the living snapshot
    policies of either. ``data`` are the data volumes' snapshots, ``roots`` the system disks'; both newest first by
    AWS's own clock, ours plays no part. ``strangers`` says that somebody else owns one of the data volumes.
    """

    you: str
    volumes: frozenset[str]
    policies: frozenset[str]
    data: Sequence[Snapshot] = ()
    roots: Sequence[Snapshot] = ()
    strangers: bool = False
    disks: frozenset[str] = frozenset()

    def beyond(self, keep: int, named: str) -> list[Snapshot]:
        """Those that can go, oldest first; ``named`` is the snapshot that the configuration names.

        Of each sort, verified ones and others, ``keep`` stay: the newest of the living volume, and where it has fewer,
        the newest of those that are gone. Each of these keeps its newest of either sort, unless its final snapshot
        holds the same. What ``pulumi up`` would restore stays, whatever else; and ``keep`` of the system disk's.
        """
        kept = {named, *self._restored(), *self._of_sort(True, keep), *self._of_sort(False, keep)}
        kept.update([one.id for one in self.roots if one.completed][:keep])
        return [one for one in reversed([*self.data, *self.roots]) if one.id not in kept and self.deletable(one)]

    def deletable(self, one: Snapshot) -> bool:
        """Whether a snapshot is the caller's, no final one, at rest, and counted by no policy that there is."""
        if one.state not in ENDED or one.kind == FINAL or self.counted(one):
            return False
        return self._policys_root(one) if one in self.roots else one.owner == self.you

    def counted(self, one: Snapshot) -> bool:
        """Whether a living policy counts it: it took it, and the volume lives as well.

        A policy that goes by count lets go of what it took once the volume is gone (AWS re:Post, "Why aren't my
        retention policies deleting Amazon EBS snapshots").
        """
        return one.tags.get(MADE_BY, "") in self.policies and one.volume in self.volumes | self.disks

    def _policys_root(self, one: Snapshot) -> bool:
        """A system disk's carries no owner: it is the caller's if a policy took it, and all of the stack is theirs."""
        shared = self.strangers or any(other.owner != self.you for other in self.data)
        nobodys = not self.volumes and not self.data
        return MADE_BY in one.tags and one.owner in ("", self.you) and not shared and not nobodys

    def _of_sort(self, verified: bool, keep: int) -> Iterator[str]:
        """Those of a sort that stay for the sake of the count; somebody else's don't count, they may go any time."""
        whole = [one for one in self._own() if one.kind != FINAL and (one.kind == VERIFIED) is verified]
        living = [one for one in whole if one.volume in self.volumes]
        gone = [one for one in whole if one.volume not in self.volumes]
        for volume in self.volumes:
            yield from [one.id for one in living if one.volume == volume][:keep]
        yield from [one.id for one in gone[: max(0, keep - len(living))]]
        purged = {one.volume for one in self._own() if one.kind == FINAL}
        yield from {one.volume: one.id for one in reversed(gone) if one.volume not in purged}.values()

    def _own(self) -> list[Snapshot]:
        return [one for one in self.data if one.completed and one.owner == self.you]

    def _restored(self) -> Iterator[str]:
        found = newest([one for one in self.data if one.owner == self.you], self.you)
        yield from [found.id] if found else []
