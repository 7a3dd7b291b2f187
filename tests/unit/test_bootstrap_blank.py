"""Where a disk must be zero, and what a proof must say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from infra.bootstrap.blank import EDGE, MIB, Proof, windows
from infra.bootstrap.superblock import Superblock

GIB = 1 << 30
BLANK = Proof(serial="vol0", size=GIB, in_use="", probes=(2, 2, 2), signatures=(), nonzero=None)


def test_both_ends_and_places_between_are_looked_at() -> None:
    """16 MiB at each end, 64 samples, and where ext4 keeps copies."""
    found = windows(100 * GIB)
    assert (0, EDGE) in found
    assert (100 * GIB - EDGE, EDGE) in found
    assert (128 * MIB, MIB) in found
    assert len(found) >= 64
    assert sum(length for _, length in found) < 128 * MIB


@pytest.mark.parametrize("size", [512, MIB, 20 * MIB, 300 * MIB, 100 * GIB])
def test_no_place_lies_off_the_disk(size: int) -> None:
    """Also on a small one."""
    assert all(at >= 0 and at + length <= size for at, length in windows(size))


def test_a_blank_disk_has_nothing_against_it() -> None:
    """The one good case."""
    assert BLANK.against("vol0", GIB, "") == []


@pytest.mark.parametrize(
    "proof",
    [
        replace(BLANK, serial=""),
        replace(BLANK, serial="vol1"),
        replace(BLANK, size=GIB - 512),
        replace(BLANK, in_use="Device or resource busy"),
        replace(BLANK, probes=(2, 2, 0)),
        replace(BLANK, probes=(2, 2)),
        replace(BLANK, probes=(2, 4, 2)),
        replace(BLANK, signatures=("ext4",)),
        replace(BLANK, nonzero=0),
        replace(BLANK, superblock=Superblock("u", in_progress=True, wiped=False), signatures=("xfs",)),
    ],
    ids=[
        "no serial",
        "serial",
        "size",
        "use",
        "one probe",
        "two probes",
        "blkid fails",
        "signature",
        "data",
        "half made",
    ],
)
def test_each_find_alone_is_against_it(proof: Proof) -> None:
    """None outweighs another."""
    assert proof.against("vol0", GIB, "")


def test_nobody_vouching_for_a_size_is_against_it() -> None:
    """Without a record there is no size to compare with."""
    assert BLANK.against("vol0", None, "")


def test_our_own_half_made_filesystem_is_not() -> None:
    """It may be made again, but not while someone has it, nor where something else came on top."""
    half = replace(BLANK, superblock=Superblock("u", in_progress=True, wiped=False), probes=(0, 0, 0), nonzero=0)
    half = replace(half, signatures=("xfs",))
    assert half.against("vol0", GIB, "u") == []
    assert half.against("vol0", GIB, "another")
    assert replace(half, in_use="busy").against("vol0", GIB, "u")
    assert replace(half, signatures=("xfs", "gpt")).against("vol0", GIB, "u") == ["it carries gpt, too"]
