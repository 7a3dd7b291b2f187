"""What a person may ask for."""

from __future__ import annotations

import math
from typing import Any

import pytest
from zagent.errors import GuidanceRefused, PrecisionRefused, SizeRefused, UsageError
from zagent.generate.request import (
    MOST_SEED,
    Request,
    Size,
    nearest,
    parse_size,
    precision,
    random_seed,
    require_size,
)

LARGEST = Size(8192, 8192)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1024x768", Size(1024, 768)),
        ("1024X768", Size(1024, 768)),
        ("1024×768", Size(1024, 768)),
        (" 512 ", Size(512, 512)),
        ("1000", Size(1000, 1000)),
    ],
)
def test_sizes_are_understood(text: str, size: Size) -> None:
    """WxH with any sign people use, or one number for a square."""
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "x", "1024x", "x768", "-64x64", "64.0", "1e3", "64x64x64", "9999999999", "64 x 64"]
)
def test_other_sizes_are_not(text: str) -> None:
    """Anything else is a usage error that shows how a size looks."""
    with pytest.raises(UsageError, match="must look like 1024x768"):
        parse_size(text)


@pytest.mark.parametrize(
    ("size", "why", "suggestion"),
    [
        (Size(1000, 1024), "multiples of 16", Size(1008, 1024)),
        (Size(1024, 1001), "multiples of 16", Size(1024, 1008)),
        (Size(48, 64), "under 64", Size(64, 64)),
        (Size(0, 0), "under 64", Size(64, 64)),
        (Size(1, 99999), "multiples of 16", Size(64, 8192)),
        (Size(8208, 64), "at most 8192x8192", Size(8192, 64)),
    ],
)
def test_a_refused_size_comes_with_one_that_is_allowed(size: Size, why: str, suggestion: Size) -> None:
    """Each reason is told, and the suggestion is itself accepted."""
    with pytest.raises(SizeRefused, match=why) as caught:
        require_size(size, LARGEST)
    assert caught.value.advice == f"zagent generate --size {suggestion}"
    require_size(suggestion, LARGEST)


@pytest.mark.parametrize("size", [Size(64, 64), Size(1024, 1024), Size(8192, 64), LARGEST])
def test_allowed_sizes_are_their_own_nearest(size: Size) -> None:
    """What is allowed passes, and nothing else is suggested for it."""
    require_size(size, LARGEST)
    assert nearest(size, LARGEST) == size


@pytest.mark.parametrize(
    "changes",
    [
        {"prompt": ""},
        {"prompt": " \n\t"},
        {"prompt": "caf\udce9"},
        {"count": 0},
        {"count": -1},
        {"count": 1001},
        {"seed": -1},
        {"seed": MOST_SEED + 1},
        {"seed": MOST_SEED, "count": 2},
    ],
)
def test_a_request_out_of_range_is_refused(changes: dict[str, Any]) -> None:
    """An empty or undecodable prompt, and numbers that no image can have, are usage errors."""
    with pytest.raises(UsageError):
        Request(**{"prompt": "a fox", **changes})


def test_the_largest_seed_is_allowed() -> None:
    """Both ends of the range can be asked for, alone or as the last of several."""
    assert Request("a fox", seed=MOST_SEED).seeds == [MOST_SEED]
    assert Request("a fox", seed=MOST_SEED - 1, count=2).seeds[-1] == MOST_SEED
    assert Request("a fox", seed=0).seeds == [0]


@pytest.mark.parametrize("guidance", [1.0, -1.0, 1e-9, 7.5, math.inf, math.nan])
def test_guidance_is_refused(guidance: float) -> None:
    """Anything but 0.0 is refused, above all the 1.0 that means "off" elsewhere and would double the work here."""
    with pytest.raises(GuidanceRefused, match="distilled to run without guidance"):
        Request("a fox", guidance=guidance)


@pytest.mark.parametrize(
    ("device", "asked", "found"),
    [("cpu", None, "float32"), ("cuda", None, "bfloat16"), ("cpu", "bfloat16", "bfloat16")],
)
def test_precision_follows_the_device(device: str, asked: str | None, found: str) -> None:
    """Bfloat16 on a GPU, float32 on a CPU, and what a record says where there is one."""
    assert precision(device, asked) == found


@pytest.mark.parametrize("asked", ["float16", "float64", "int8", "__class__"])
def test_other_precisions_are_refused(asked: str) -> None:
    """Float16, which makes black images, and whatever else a record may claim."""
    with pytest.raises(PrecisionRefused):
        precision("cuda", asked)


def test_drawn_seeds_are_allowed() -> None:
    """A seed nobody gave is short, fits the range with any count, and is not always the same."""
    drawn = {random_seed() for _ in range(20)}
    assert len(drawn) > 1
    assert all(Request("a fox", seed=one, count=1000) for one in drawn)
