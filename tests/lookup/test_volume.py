"""Which volume is the stack's, and what one is made of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from infra import tags
from infra.account.snapshots import DAILY, FINAL, VERIFIED, Snapshot
from infra.account.volumes import Volume
from infra.errors import (
    AdoptionError,
    HostLeftBehind,
    ManyVolumes,
    NoSnapshot,
    NotYours,
    OtherStack,
    SnapshotNotYours,
    VolumeAlive,
    VolumeInUse,
)
from infra.lookup.volume import (
    adopted,
    blank,
    newest,
    require_free,
    require_own,
    require_usable,
    restored,
    tagged,
)
from tests.configured import settings
from tests.lookup.things import LIVING, OTHER, OWN, YOU, host, owned, snapshot, volume

HAND = "other"
"""The kind of one that was taken by hand, or by a restore."""

OTHERS = {tags.PROJECT: "zagent", tags.STACK: "prod"}


def left_over(number: int, volume: str = "vol-1", state: str = "completed") -> Snapshot:
    """The final snapshot of a volume that had lost its place in a restore before it was purged."""
    made = snapshot(number, volume, kind=FINAL, state=state)
    return replace(made, tags={**made.tags, tags.FORMER: "zagent/dev"})


def proved(number: int) -> Snapshot:
    """A verified one, which says what it holds."""
    made = snapshot(number, kind=VERIFIED)
    return replace(made, tags={**made.tags, tags.SET_DIGEST: "d"})


def test_your_living_volume_is_the_stacks() -> None:
    """It is found by its tags; without one there is none."""
    assert tagged(settings(), [LIVING], YOU) == LIVING
    assert tagged(settings(restore="blank"), [], YOU) is None


@pytest.mark.parametrize(
    ("found", "error", "words"),
    [
        ([LIVING, volume(id="vol-2")], ManyVolumes, "tags of zagent/dev: vol-1, vol-2"),
        ([owned(OTHER)], NotYours, f"vol-1 .* was made by {OTHER}; you are {YOU}"),
        ([owned("")], NotYours, f"vol-1 .* has no tag {tags.OWNER} that says who made it; you are {YOU}"),
        ([owned(YOU + "2")], NotYours, "was made by"),
    ],
)
def test_a_volume_that_may_be_anothers_is_not_adopted(
    found: list[Volume], error: type[AdoptionError], words: str
) -> None:
    """Neither one of two nor one that somebody else made; the person may name it."""
    with pytest.raises(error, match=words) as caught:
        tagged(settings(), found, YOU)
    assert caught.value.advice.startswith("pulumi config set volumeId ")


@pytest.mark.parametrize("restore", ["blank", "snap-2"])
def test_no_second_volume_is_made_beside_a_living_one(restore: str) -> None:
    """Else the stack would have two."""
    with pytest.raises(VolumeAlive, match=f"restore is {restore}, but the data volume vol-1 is alive"):
        tagged(settings(restore=restore), [volume(snapshot="snap-1")], YOU)


def test_the_snapshot_that_a_living_volume_was_made_of_may_stay_named() -> None:
    """The next `up` after a restore has the same configuration."""
    made = volume(snapshot="snap-1")
    assert tagged(settings(restore="snap-1"), [made], YOU) == made


@pytest.mark.parametrize("attached", [(), ("i-1",)])
def test_a_volume_is_free_with_nothing_or_with_the_known_host(attached: tuple[str, ...]) -> None:
    """The host of the state may hold it."""
    require_free(settings(), volume(attached_to=attached), "i-1", [host("i-1")])


@pytest.mark.parametrize(
    ("attached", "known", "carried", "error"),
    [
        (("i-2",), "i-1", OWN, HostLeftBehind),
        (("i-2",), "", OWN, HostLeftBehind),
        (("i-1", "i-2"), "i-1", OWN, HostLeftBehind),
        (("i-2",), "i-1", OWN | {"team": "images"}, HostLeftBehind),
        (("i-2",), "i-1", OTHERS, VolumeInUse),
        (("i-2",), "i-1", {}, VolumeInUse),
        (("i-2",), "", {tags.PROJECT: "zagent"}, VolumeInUse),
    ],
)
def test_a_volume_in_use_stays_where_it_is(
    attached: tuple[str, ...], known: str, carried: dict[str, str], error: type[AdoptionError]
) -> None:
    """A host of this stack that the state lost is told from anybody's; each has its own way out."""
    holders = [host("i-1", **OWN), host("i-2", **carried)]
    with pytest.raises(error, match="vol-1 is attached to i-2") as caught:
        require_free(settings(), volume(attached_to=attached), known, holders)
    assert type(caught.value) is error


def test_a_volume_held_by_what_can_not_be_seen_is_in_use() -> None:
    """Such as an instance that another account shares it with."""
    with pytest.raises(VolumeInUse):
        require_free(settings(), volume(attached_to=("i-2",)), "", [])


@pytest.mark.parametrize("carried", [{}, OWN, OWN | {tags.OWNER: OTHER}, {"team": "images"}])
def test_a_named_volume_may_be_anybodys(carried: dict[str, str]) -> None:
    """Whoever names it means it."""
    require_own(settings(), volume(tags=carried))


@pytest.mark.parametrize(
    ("carried", "stack"), [(OTHERS, "zagent/prod"), ({tags.STACK: "dev"}, "dev"), ({tags.PROJECT: "x"}, "x")]
)
def test_a_named_volume_of_another_stack_is_refused(carried: dict[str, str], stack: str) -> None:
    """It is never taken from a stack."""
    with pytest.raises(OtherStack, match=f"vol-1 belongs to {stack}$"):
        require_own(settings(), volume(tags=carried))


@pytest.mark.parametrize(
    ("found", "chosen"),
    [
        ([], None),
        ([snapshot(1), snapshot(2)], "snap-1"),
        ([snapshot(1, kind="other"), snapshot(2, kind=VERIFIED)], "snap-1"),
        ([snapshot(1, state="pending"), snapshot(2)], "snap-2"),
        ([snapshot(1, state="error"), snapshot(2, state="pending"), snapshot(3)], "snap-3"),
        ([snapshot(1, state="error")], None),
        ([snapshot(1, owner=OTHER), snapshot(2)], "snap-2"),
        ([snapshot(1, owner=OTHER, state="pending")], None),
        ([snapshot(1, kind=FINAL), snapshot(2)], None),
        ([snapshot(1, kind=FINAL, owner=OTHER), snapshot(2, owner=OTHER)], None),
        ([snapshot(1, kind=FINAL), snapshot(2), snapshot(3, volume="vol-0")], "snap-3"),
        ([snapshot(1, volume="vol-2"), snapshot(2, kind=FINAL)], "snap-1"),
        ([snapshot(1, kind=FINAL, state="error"), snapshot(2)], "snap-2"),
        ([snapshot(1, kind=FINAL, state="pending"), snapshot(2)], "snap-2"),
    ],
)
def test_auto_takes_your_newest_completed_snapshot(found: list[Snapshot], chosen: str | None) -> None:
    """Nobody else's, and none of a volume that was purged."""
    taken = newest(found, YOU)
    assert (taken.id if taken else None) == chosen


@pytest.mark.parametrize(
    ("found", "chosen"),
    [
        ([left_over(1), snapshot(2, kind=HAND), snapshot(3)], "snap-2"),
        ([left_over(1), snapshot(2, kind=DAILY), snapshot(3, kind=HAND)], None),
        ([left_over(1), proved(2), snapshot(3, kind=HAND)], None),
        ([left_over(1)], None),
        ([snapshot(1, kind=FINAL), snapshot(2, kind=HAND)], None),
        ([snapshot(1, volume="vol-2"), left_over(2), snapshot(3, kind=HAND)], "snap-1"),
        ([left_over(1), snapshot(2, kind=HAND), snapshot(3, volume="vol-0")], "snap-2"),
        ([snapshot(1, kind=FINAL, volume="vol-2"), left_over(2), snapshot(3, kind=HAND)], None),
        ([left_over(1), snapshot(2, kind=FINAL, volume="vol-2"), snapshot(3, kind=HAND)], None),
        ([left_over(1), snapshot(2, kind=HAND), snapshot(3, kind=FINAL, volume="vol-0"), snapshot(4)], "snap-2"),
        ([snapshot(1, kind=HAND, state="error"), left_over(2, state="error"), snapshot(3, kind=HAND)], "snap-3"),
        ([left_over(1), snapshot(2, kind=HAND, state="error"), snapshot(3, kind=HAND)], "snap-3"),
        ([left_over(1, "vol-2"), left_over(2), snapshot(3, "vol-2", kind=HAND), snapshot(4, kind=HAND)], "snap-3"),
    ],
    ids=[
        "moved, and the first purged",
        "back in time to one that was named",
        "back in time past a verified one",
        "its snapshot was deleted",
        "no move, but a purge",
        "the second has a snapshot of its own",
        "before an earlier volume's",
        "the second purged after the first",
        "the second purged before the first",
        "an earlier volume purged before the move",
        "a purge that never was",
        "a move that failed, and another",
        "moved twice",
    ],
)
def test_what_moved_comes_back_though_the_first_volume_was_purged(found: list[Snapshot], chosen: str | None) -> None:
    """By the one snapshot that the second volume was made of, until that volume is purged, too."""
    taken = newest(found, YOU)
    assert (taken.id if taken else None) == chosen


@pytest.mark.parametrize(
    ("owner", "words"),
    [(OTHER, f"was made by {OTHER}"), ("", f"has no tag {tags.OWNER} that says who made it")],
)
def test_only_others_snapshots_are_no_reason_for_a_blank_volume(owner: str, words: str) -> None:
    """The person says which is meant."""
    found = [snapshot(1, owner=owner, state="pending"), snapshot(2, owner=owner), snapshot(3, owner=OTHER)]
    with pytest.raises(SnapshotNotYours, match=f"snap-2, {words}; you are {YOU}") as caught:
        newest(found, YOU)
    assert caught.value.advice.startswith("pulumi config set restore snap-2 ")


def test_a_named_snapshot_is_taken_whosever_and_whatever() -> None:
    """Even a purged volume's: whoever names it means it."""
    named = snapshot(1, owner=OTHER, kind=FINAL)
    assert require_usable("snap-1", named) is named


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (None, "there is none of that id"),
        (snapshot(1, state="pending"), "it is pending"),
        (snapshot(1, state="error"), "it is error"),
    ],
)
def test_a_named_snapshot_that_can_not_be_used_is_told(found: Snapshot | None, why: str) -> None:
    """With the reason."""
    with pytest.raises(NoSnapshot, match=f"snap-1 can't be restored from: {why}"):
        require_usable("snap-1", found)


def test_a_choice_says_in_words_what_it_is() -> None:
    """A person reads it before saying yes."""
    kept, new, empty = (
        adopted(LIVING, "found by its tags"),
        restored(snapshot(1), "the newest"),
        blank("restore is blank"),
    )
    assert (kept.volume, kept.snapshot, kept.why) == (LIVING, None, "vol-1 in us-east-1a, found by its tags")
    assert (new.volume, new.snapshot) == (None, snapshot(1))
    assert new.why == "a new one from the snapshot snap-1 of 2026-09-19 00:00 UTC, the newest"
    assert (empty.volume, empty.snapshot, empty.why) == (None, None, "a blank one; restore is blank")
