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

    ``volumes`` are the living data volumes, ``policies`` the living snapshot policies, of either disk. ``data`` are the
    data volumes' snapshots, ``roots`` the system disk's; both newest first by AWS's own clock, ours plays no part.
    ``strangers`` says that somebody else owns one of the data volumes.
    """

    you: str
    volumes: frozenset[str]
    policies: frozenset[str]
    data: Sequence[Snapshot] = ()
    roots: Sequence[Snapshot] = ()
    strangers: bool = False

    def beyond(self, keep: int, named: str) -> list[Snapshot]:
        """Those that can go, oldest first; ``named`` is the snapshot that the configuration names.

        Of each volume the newest stay, the verified and the others apart: ``keep`` of a living one; one of a volume
        that is gone, but none where its final snapshot holds the same. What ``pulumi up`` would restore stays, too,
        and the newest of the system disk.
        """
        kept = {
            named,
            *self._restored(),
            *(one for volume in self._all_volumes() for one in self._needed(volume, keep)),
        }
        kept.update(one.id for one in [one for one in self.roots if one.completed][:1])
        return [one for one in reversed([*self.data, *self.roots]) if one.id not in kept and self.deletable(one)]

    def deletable(self, one: Snapshot) -> bool:
        """Whether a snapshot is the caller's, no final one, at rest, and counted by no policy that there is."""
        if one.state not in ENDED or self._is_counted(one):
            return False
        return self._policys_root(one) if one in self.roots else one.owner == self.you and one.kind != FINAL

    def _is_counted(self, one: Snapshot) -> bool:
        """A policy deletes the oldest of a volume's itself, as long as both are there."""
        return one.tags.get(MADE_BY, "") in self.policies and (one in self.roots or one.volume in self.volumes)

    def _policys_root(self, one: Snapshot) -> bool:
        """A system disk's carries no owner: it is the caller's if a policy took it, and all of the stack is theirs."""
        theirs = self.strangers or any(other.owner != self.you for other in self.data)
        return MADE_BY in one.tags and not theirs and bool(self.volumes or self.data)

    def _all_volumes(self) -> set[str]:
        return {one.volume for one in self.data}

    def _needed(self, volume: str, keep: int) -> Iterator[str]:
        whole = [one for one in self.data if one.volume == volume and one.completed]
        number = max(1, keep) if volume in self.volumes else 0 if any(one.kind == FINAL for one in whole) else 1
        for verified in (True, False):
            yield from [one.id for one in whole if (one.kind == VERIFIED) is verified and one.kind != FINAL][:number]

    def _restored(self) -> Iterator[str]:
        found = newest([one for one in self.data if one.owner == self.you], self.you)
        yield from [found.id] if found else []
