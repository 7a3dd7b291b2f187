"""Which snapshots can go: a table of situations, and nothing that somebody may need among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from infra import tags
from infra.account.policies import MADE_BY
from infra.account.snapshots import DAILY, FINAL, OTHER, VERIFIED, Snapshot
from infra.lookup.volume import newest
from infra.operations.prunable import There
from tests.operations.cloud import DATA, YOU

NOW = datetime(2026, 9, 20, 3, 0, tzinfo=timezone.utc)
ANN = {tags.OWNER: "arn:aws:iam::1:user/ann"}
LIVING = {MADE_BY: "policy-1"}
EARLIER = {MADE_BY: "policy-0"}
MOVED = {tags.FORMER: "zagent/dev"}


def one(identity: str, days: float, kind: str = DAILY, state: str = "completed", **own: str) -> Snapshot:
    """A snapshot of that age, of vol-1."""
    carried = {**DATA, tags.KIND: kind, tags.SET_DIGEST: "d", **own}
    return Snapshot(identity, "vol-1", 100, NOW - timedelta(days=days), state, carried)


def old(identity: str, days: float, kind: str = DAILY, state: str = "completed", **own: str) -> Snapshot:
    """The same of vol-0, which is gone."""
    return replace(one(identity, days, kind, state, **own), volume="vol-0")


def root(identity: str, days: float, **own: str) -> Snapshot:
    """One of the system disk."""
    carried = {tags.SNAPSHOTS: "zagent/dev/root", **own}
    return Snapshot(identity, "vol-9", 75, NOW - timedelta(days=days), "completed", carried)


def there(*data: Snapshot, roots: Sequence[Snapshot] = (), strangers: bool = False) -> There:
    """With vol-1, the system disk vol-9, and a policy of both."""
    disks = frozenset({"vol-9"})
    return There(YOU, frozenset({"vol-1"}), frozenset({"policy-1"}), data, roots, strangers, disks)


@pytest.mark.parametrize(
    ("found", "gone"),
    [
        ([one("a", 1), one("b", 2), one("c", 3)], ["c", "b"]),
        ([one("a", 1)], []),
        ([one("a", 1), one("b", 2, VERIFIED), one("c", 3), one("d", 4, VERIFIED)], ["d", "c"]),
        ([one("future", -900), one("b", 2, VERIFIED), one("c", 400)], ["c"]),
        ([one("a", 1), one("b", 2, FINAL), one("c", 3, FINAL)], []),
        ([one("new", 0, state="pending"), one("a", 1), one("b", 2)], ["b"]),
        ([one("cold", 0, state="recovering"), one("a", 1), one("b", 2)], ["b"]),
        ([one("bad", 0, state="error"), one("a", 1)], ["bad"]),
        ([one("a", 1), one("hers", 2, **ANN)], []),
        ([one("hers", 0, VERIFIED, **ANN), one("a", 1), one("b", 2, VERIFIED)], []),
        ([one("a", 1, **LIVING), one("b", 2, **LIVING), one("c", 3, **LIVING)], []),
        ([one("a", 1, **LIVING), one("b", 2, **EARLIER)], ["b"]),
        ([one("a", 1, VERIFIED), old("b", 2), old("c", 3)], ["c"]),
        ([old("new", 0, VERIFIED), one("a", 1), one("b", 2, VERIFIED)], []),
        ([old("last", 0, FINAL), old("b", 1, VERIFIED), old("c", 2), one("a", 3), one("v", 4, VERIFIED)], ["c", "b"]),
        ([old("last", 0, FINAL), old("b", 1, VERIFIED), old("c", 2, VERIFIED), one("a", 3)], ["c"]),
        ([old("failed", 0, FINAL, "error"), old("b", 1, VERIFIED), old("c", 2), one("a", 3)], []),
        ([one("a", 1), old("b", 2, **LIVING), old("c", 3, **LIVING)], ["c"]),
        ([old("last", 0, FINAL, **MOVED), old("b", 1, OTHER), old("c", 2, OTHER), one("a", 3)], ["c"]),
        ([one("bad", 0, state="error", **LIVING), one("a", 1)], []),
    ],
    ids=[
        "count",
        "last",
        "verified apart",
        "clock",
        "final",
        "pending",
        "on its way out of an archive",
        "failed",
        "another owner",
        "another owner's newer one",
        "counted by the policy",
        "left by an earlier policy",
        "of a volume that is gone",
        "the living volume's only verified one",
        "of a purged volume",
        "of a purged volume, the only verified ones",
        "of a volume whose purge failed",
        "of a volume that is gone, which no policy counts",
        "what another volume was made of, though its own is purged",
        "failed, and counted by the policy",
    ],
)
def test_what_is_beyond_the_count(found: Sequence[Snapshot], gone: list[str]) -> None:
    """One of each is kept; never does that go which `pulumi up` would make a volume of, were there none."""
    assert [each.id for each in there(*found).beyond(1, "auto")] == gone
    alone = replace(there(*found), volumes=frozenset(), policies=frozenset())
    next_one = newest([each for each in found if each.owner == YOU], YOU)
    assert next_one not in [*there(*found).beyond(1, "auto"), *alone.beyond(1, "auto")]


@pytest.mark.parametrize(
    ("found", "gone"),
    [
        ([one("a", 1), one("b", 2), one("c", 3), one("d", 4, **EARLIER)], ["d", "c"]),
        ([one("a", 1), old("b", 2), old("c", 3), old("d", 4)], ["d", "c"]),
        ([old("b", 2), old("c", 3), old("d", 4)], ["d"]),
        ([old("last", 0, FINAL), old("b", 2), old("c", 3), old("d", 4), one("a", 9)], ["d", "c"]),
        ([old("new", 0), one("a", 1), one("b", 2), replace(one("c", 3), volume="vol-00")], []),
    ],
    ids=[
        "of the living volume",
        "the rest of one that is gone",
        "all of it where there are no others",
        "of a purged one, too",
        "the living volume's first, and the newest of each that is gone",
    ],
)
def test_two_of_a_sort_stay(found: Sequence[Snapshot], gone: list[str]) -> None:
    """Or so many as are asked for."""
    assert [each.id for each in there(*found).beyond(2, "auto")] == gone


def test_each_of_two_living_volumes_has_the_count() -> None:
    """Nothing tells which is meant."""
    found = [one("a", 1), one("b", 2), one("c", 3), old("d", 4), old("e", 5), old("f", 6)]
    both = replace(there(*found), volumes=frozenset({"vol-0", "vol-1"}))
    assert [each.id for each in both.beyond(2, "auto")] == ["f", "c"]


def test_what_the_configuration_names_stays() -> None:
    """Though there are newer ones."""
    assert [each.id for each in there(one("a", 1), one("b", 2), one("c", 3)).beyond(1, "c")] == ["b"]


@pytest.mark.parametrize(
    ("roots", "data", "strangers", "gone"),
    [
        ([root("a", 1, **EARLIER), root("b", 2, **EARLIER)], [one("d", 1)], False, ["b"]),
        ([root("a", 1, **EARLIER), root("b", 2, **EARLIER | ANN)], [one("d", 1)], False, []),
        ([root("a", 1, **LIVING), root("b", 2, **LIVING)], [one("d", 1)], False, []),
        ([root("a", 1, **LIVING), replace(root("b", 2, **LIVING), volume="vol-8")], [one("d", 1)], False, ["b"]),
        ([root("a", 1, **LIVING), root("b", 2)], [one("d", 1)], False, []),
        ([root("a", 1), root("b", 2, **EARLIER)], [one("d", 1, **ANN)], False, []),
        ([root("a", 1), root("b", 2, **EARLIER)], [one("d", 1)], True, []),
    ],
    ids=[
        "an earlier policy's",
        "somebody else's",
        "the living policy's",
        "of a disk that is gone",
        "by hand",
        "a stranger's snapshot",
        "a stranger's volume",
    ],
)
def test_of_the_system_disk(
    roots: Sequence[Snapshot], data: Sequence[Snapshot], strangers: bool, gone: list[str]
) -> None:
    """They carry no owner: only what a policy took goes, where all else is the caller's."""
    assert [each.id for each in there(*data, roots=roots, strangers=strangers).beyond(1, "auto")] == gone


def test_so_many_of_the_system_disks_stay() -> None:
    """As of the others."""
    roots = [root(identity, days, **EARLIER) for days, identity in enumerate("abc")]
    assert [each.id for each in there(one("d", 1), roots=roots).beyond(2, "auto")] == ["c"]


def test_nothing_tells_whose_the_system_disks_are() -> None:
    """Where there is neither a data volume nor a snapshot of one."""
    bare = There(YOU, frozenset(), frozenset(), (), [root("a", 1, **EARLIER), root("b", 2, **EARLIER)])
    assert bare.beyond(1, "auto") == []
