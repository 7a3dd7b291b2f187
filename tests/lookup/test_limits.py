"""What can't be, and what a person should know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from infra.account.types import InstanceType
from infra.errors import QuotaTooSmall, VolumeRefused
from infra.lookup.limits import require_performance, require_quota, size, warnings
from infra.lookup.volume import Choice, adopted, blank, restored
from tests.configured import settings
from tests.lookup.things import BIG, LIVING, snapshot, volume

BLANK, KEPT = blank("why"), adopted(LIVING, "how")
KEY = "arn:aws:kms:us-east-1:123456789012:key/two"


def of_snapshot(gib: int) -> Choice:
    """A new volume of a snapshot of that size."""
    return restored(replace(snapshot(), size=gib), "how")


def kept(**changed: object) -> Choice:
    """The living volume, with changes."""
    return adopted(volume(**changed), "how")


@pytest.mark.parametrize(
    ("wanted", "choice", "gib"),
    [
        (0, BLANK, 100),
        (40, BLANK, 40),
        (0, of_snapshot(4), 100),
        (0, of_snapshot(150), 150),
        (50, of_snapshot(50), 50),
        (200, of_snapshot(150), 200),
        (0, kept(size=4), 4),
        (0, kept(size=300), 300),
        (100, KEPT, 100),
        (101, KEPT, 101),
    ],
)
def test_size(wanted: int, choice: Choice, gib: int) -> None:
    """A new volume has 100 GiB if not said otherwise; one that is there keeps its size or grows."""
    assert size(settings(volumeSizeGib=wanted), choice) == gib


@pytest.mark.parametrize(
    ("choice", "why"),
    [(KEPT, "vol-1 has 100 GiB, and no volume can shrink"), (of_snapshot(100), "the snapshot snap-1 holds 100 GiB")],
)
def test_no_volume_shrinks(choice: Choice, why: str) -> None:
    """Neither the living one nor a snapshot's."""
    with pytest.raises(VolumeRefused, match=f"can't have 99 GiB: {why}") as caught:
        size(settings(volumeSizeGib=99), choice)
    assert caught.value.advice == "pulumi config set volumeSizeGib 100"


@pytest.mark.parametrize(
    ("gib", "throughput", "iops"),
    [
        (0, 0, 0),
        (0, 750, 0),
        (0, 2000, 8000),
        (0, 0, 50_000),
        (1, 0, 3000),
        (6, 0, 3000),
        (7, 0, 3500),
        (160, 0, 80_000),
        (1000, 0, 80_000),
    ],
)
def test_what_gp3_gives(gib: int, throughput: int, iops: int) -> None:
    """0.25 MiB/s for each of the IOPS, 500 IOPS for each GiB, 3,000 for every volume, 80,000 at most."""
    require_performance(settings(volumeSizeGib=gib, volumeThroughput=throughput, volumeIops=iops), BLANK)


@pytest.mark.parametrize(
    ("gib", "throughput", "iops", "words", "advice"),
    [
        (0, 751, 0, "751 MiB/s: gp3 gives 0.25 MiB/s for each of its 3000 IOPS", "volumeIops 3004"),
        (0, 2000, 7999, "2000 MiB/s: gp3 gives 0.25 MiB/s for each of its 7999 IOPS", "volumeIops 8000"),
        (0, 0, 2999, "2999 IOPS: gp3 of 100 GiB has 3000 to 50000", "volumeIops 3000"),
        (0, 0, 50_001, "50001 IOPS: gp3 of 100 GiB has 3000 to 50000", "volumeIops 3000"),
        (6, 0, 3001, "3001 IOPS: gp3 of 6 GiB has 3000 to 3000", "volumeIops 3000"),
        (1000, 0, 80_001, "80001 IOPS: gp3 of 1000 GiB has 3000 to 80000", "volumeIops 3000"),
    ],
)
def test_what_gp3_does_not_give(gib: int, throughput: int, iops: int, words: str, advice: str) -> None:
    """The limit is told with its number, and so is a value that can be."""
    with pytest.raises(VolumeRefused, match=f"can't have {words}$") as caught:
        require_performance(settings(volumeSizeGib=gib, volumeThroughput=throughput, volumeIops=iops), BLANK)
    assert caught.value.advice == f"pulumi config set {advice}"


@pytest.mark.parametrize(
    ("choice", "throughput", "iops"),
    [
        (kept(kind="gp2", iops=300, throughput=0), 0, 0),
        (kept(kind="io2", iops=64_000, throughput=0), 0, 0),
        (kept(kind="io2", iops=64_000, throughput=0), 0, 100),
        (kept(kind="io1", iops=100, throughput=0), 0, 5000),
        (kept(iops=8000, throughput=125), 2000, 0),
        (kept(iops=3000, throughput=1000), 0, 4000),
        (kept(size=4, iops=3000, throughput=125), 0, 0),
        (of_snapshot(160), 0, 80_000),
    ],
)
def test_a_volume_that_is_there_keeps_what_is_not_said(choice: Choice, throughput: int, iops: int) -> None:
    """Whatever its type; what is said is held against what it has."""
    require_performance(settings(volumeThroughput=throughput, volumeIops=iops), choice)


@pytest.mark.parametrize(
    ("choice", "throughput", "iops", "words"),
    [
        (kept(kind="gp2", iops=300, throughput=0), 500, 0, "500 MiB/s: gp2 has none to set"),
        (kept(kind="gp2", iops=300, throughput=0), 0, 4000, "4000 IOPS: gp2 has none to set"),
        (kept(kind="st1", iops=0, throughput=0), 0, 4000, "4000 IOPS: st1 has none to set"),
        (kept(kind="io2", iops=64_000, throughput=0), 500, 0, "500 MiB/s: io2 has none to set"),
        (kept(iops=3000, throughput=125), 1000, 0, "1000 MiB/s: gp3 gives 0.25 MiB/s for each of its 3000 IOPS"),
        (kept(iops=8000, throughput=1000), 0, 3999, "1000 MiB/s: gp3 gives 0.25 MiB/s for each of its 3999 IOPS"),
        (kept(size=10), 0, 5001, "5001 IOPS: gp3 of 10 GiB has 3000 to 5000"),
    ],
)
def test_what_the_living_volume_does_not_give(choice: Choice, throughput: int, iops: int, words: str) -> None:
    """Told before AWS would, which is halfway."""
    with pytest.raises(VolumeRefused, match=f"can't have {words}$"):
        require_performance(settings(volumeThroughput=throughput, volumeIops=iops), choice)


@pytest.mark.parametrize("limit", [4, 5, None])
def test_a_quota_that_suffices_or_is_unknown(limit: int | None) -> None:
    """Not everyone may ask for it."""
    require_quota(BIG, "L-DB2E81BA", limit)


@pytest.mark.parametrize("limit", [0, 3])
def test_a_quota_that_is_too_small(limit: int) -> None:
    """A new account has 0; the way out names quota and number."""
    words = rf"g6e.xlarge needs 4 vCPUs, but this account may run {limit} of its family at once \(quota L-DB2E81BA\)"
    with pytest.raises(QuotaTooSmall, match=words) as caught:
        require_quota(BIG, "L-DB2E81BA", limit)
    assert "--quota-code L-DB2E81BA --desired-value 4 " in caught.value.advice


SLOW = replace(BIG, burst=250.0)


@pytest.mark.parametrize(
    ("changed", "choice", "kind", "words"),
    [
        ({}, BLANK, BIG, None),
        ({}, KEPT, BIG, None),
        ({"kmsKeyArn": KEY}, BLANK, BIG, None),
        ({"kmsKeyArn": LIVING.key}, KEPT, BIG, None),
        ({}, BLANK, replace(BIG, burst=0.0), None),
        ({}, BLANK, replace(BIG, burst=524.3), None),
        ({}, kept(throughput=0, kind="gp2"), SLOW, None),
        ({}, kept(throughput=125), SLOW, None),
        ({}, kept(encrypted=False), BIG, "vol-1 is not encrypted, and can't become so"),
        ({"kmsKeyArn": KEY}, KEPT, BIG, f"kmsKeyArn is for a new volume; vol-1 keeps {LIVING.key}"),
        ({"kmsKeyArn": KEY}, kept(key=""), BIG, "kmsKeyArn is for a new volume; vol-1 keeps none"),
        (
            {},
            BLANK,
            SLOW,
            "g6e.xlarge reads at most 250 MB/s, less than the 524 MB/s of the data volume: "
            "the 20.5 GB of weights load in 82 s instead of 39 s",
        ),
        ({"restore": "blank"}, BLANK, BIG, None),
        ({"restore": "blank"}, KEPT, BIG, "restore is still blank: "),
        (
            {"restore": "snap-1"},
            KEPT,
            BIG,
            "should vol-1 be lost, not the newest snapshot; pulumi config set restore auto",
        ),
        ({"volumeThroughput": 1000}, KEPT, replace(BIG, burst=1000.0), "less than the 1049 MB/s of the data volume"),
        ({}, kept(throughput=1000), replace(BIG, burst=1000.0), "load in 20 s instead of 20 s"),
        ({}, BLANK, replace(BIG, cards=()), "g6e.xlarge has no GPU that AWS tells of"),
        ({}, BLANK, replace(BIG, cards=("T4",)), "T4 of g6e.xlarge can't compute in bfloat16"),
        ({}, BLANK, replace(BIG, cards=("L4", "V100")), "L4, V100 of g6e.xlarge can't compute in bfloat16"),
    ],
)
def test_a_warning_where_there_is_something_to_know(
    changed: dict[str, object], choice: Choice, kind: InstanceType, words: str | None
) -> None:
    """Each alone, with its numbers; and none where all is well."""
    told = list(warnings(settings(**changed), choice, kind))
    assert len(told) == (words is not None), told
    assert words is None or words in told[0]


def test_every_warning_at_once() -> None:
    """One does not hide the next."""
    choice = kept(encrypted=False, key="")
    told = list(warnings(settings(kmsKeyArn=KEY), choice, replace(SLOW, cards=("T4",))))
    assert [one.split()[0] for one in told] == ["vol-1", "kmsKeyArn", "g6e.xlarge", "T4"]
