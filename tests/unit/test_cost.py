"""The monthly cost of a stack, by part."""

from __future__ import annotations

import pytest

from infra.operations import cost, prices
from infra.operations.cost import Disk, Host, Part, Stack


def _amounts(stack: Stack) -> dict[str, float | None]:
    return {one.name: one.amount for one in cost.monthly(stack).parts}


@pytest.mark.parametrize(
    ("host", "parts"),
    [
        (Host("g6e.xlarge", running=True, address=False), {"host g6e.xlarge": 1358.53}),
        (Host("g6e.xlarge", running=True, address=True), {"host g6e.xlarge": 1358.53, "public address": 3.65}),
        (Host("g6e.xlarge", running=False, address=False), {"host g6e.xlarge": 0.0}),
        # the address stays reserved, and is charged, while the host is stopped
        (Host("g6e.xlarge", running=False, address=True), {"host g6e.xlarge": 0.0, "public address": 3.65}),
        (Host("x9.huge", running=True, address=False), {"host x9.huge": None}),
        # what is not running costs nothing, whatever its price is
        (Host("x9.huge", running=False, address=False), {"host x9.huge": 0.0}),
    ],
)
def test_a_host_costs_its_hours_and_its_address(host: Host, parts: dict[str, float | None]) -> None:
    """A host that was stopped costs no hours."""
    assert _amounts(Stack("us-east-1", host=host)) == parts


@pytest.mark.parametrize(
    ("disk", "parts"),
    [
        (Disk(100), {"100 GiB gp3": 8.0}),
        (Disk(100, "gp3", 3_000, 125), {"100 GiB gp3": 8.0}),
        (Disk(100, "gp3", 3_000, 500), {"100 GiB gp3": 8.0, "500 MiB/s": 15.0}),
        (Disk(100, "gp3", 3_001, 125), {"100 GiB gp3": 8.0, "3001 IOPS": 0.01}),
        (Disk(200, "gp3", 16_000, 1_000), {"200 GiB gp3": 16.0, "16000 IOPS": 65.0, "1000 MiB/s": 35.0}),
        # gp2's IOPS follow its size and cost nothing of their own
        (Disk(2_000, "gp2", 6_000), {"2000 GiB gp2": 200.0}),
        (Disk(100, "io2", 32_000), {"100 GiB io2": 12.5, "32000 IOPS": 2080.0}),
        (Disk(100, "io2", 40_000), {"100 GiB io2": 12.5, "40000 IOPS": 2444.0}),  # 8000 of them are cheaper
        (Disk(100, "io2", 70_000), {"100 GiB io2": 12.5, "70000 IOPS": 3727.1}),
        (Disk(500, "st1"), {"500 GiB st1": None}),
    ],
)
def test_a_volume_costs_its_size_and_what_it_has_beyond_the_base(disk: Disk, parts: dict[str, float | None]) -> None:
    """gp3 has 3000 IOPS and 125 MiB/s in the price of its size."""
    assert _amounts(Stack("us-east-1", volumes=(disk,))) == {
        f"data volume, {name}": amount for name, amount in parts.items()
    }


def test_snapshots_cost_at_most_what_they_may_store() -> None:
    """How much each stores beyond the one before, nobody tells."""
    (part,) = cost.monthly(Stack("us-east-1", snapshots=(100, 100, 20.5))).parts
    assert part.text == "snapshots, 3  at most $11.03  (AWS does not tell what they store)"
    assert part.amount == 11.03


WHOLE = Stack(
    "us-east-1",
    Host("g6e.xlarge", running=True, address=True),
    Disk(45, "gp3", 3_000, 125),
    (Disk(100, "gp3", 3_000, 500),),
    (100,),
)


def test_the_sum_is_that_of_the_parts_as_shown() -> None:
    """Who adds up the lines gets the same cents."""
    found = cost.monthly(WHOLE)
    assert [one.text for one in found.parts] == [
        "host g6e.xlarge  $1358.53",
        "public address  $3.65",
        "system disk, 45 GiB gp3  $3.60",
        "data volume, 100 GiB gp3  $8.00",
        "data volume, 500 MiB/s  $15.00  (125 MiB/s are in the price of the disk)",
        "snapshots, 1  at most $5.00  (AWS does not tell what they store)",
    ]
    assert found.complete
    assert found.known == 1393.78
    assert found.text == "in all  at most $1393.78"


def test_an_unknown_price_is_no_part_of_the_sum_and_is_told() -> None:
    """It is neither zero nor guessed."""
    found = cost.monthly(Stack("us-east-1", Host("x9.huge", running=True, address=True)))
    assert not found.complete
    assert found.known == 3.65
    assert found.parts[0].text == "host x9.huge  unknown  (the price of this type is not known here)"
    assert found.text == "in all  $3.65, and what is unknown"


def test_a_stack_of_which_only_the_volume_is_left() -> None:
    """As after `pulumi destroy`."""
    found = cost.monthly(Stack("us-east-1", volumes=(Disk(100, "gp3", 3_000, 125),)))
    assert found.parts == (Part("data volume, 100 GiB gp3", 8.0),)
    assert found.text == "in all  $8.00"


def test_nothing_costs_nothing() -> None:
    """A stack that is not there has no parts."""
    found = cost.monthly(Stack("us-east-1"))
    assert (found.parts, found.known, found.complete) == ((), 0.0, True)


@pytest.mark.parametrize(("region", "differs"), [("us-east-1", False), ("eu-west-1", True), ("", True)])
def test_the_figures_say_where_and_when_they_are_from(region: str, differs: bool) -> None:
    """Elsewhere the same things cost more or less."""
    found = cost.monthly(Stack(region)).basis
    assert found.startswith(f"prices of us-east-1, {prices.AS_OF}, ")
    assert found.endswith("; yours differ") is differs


@pytest.mark.parametrize("family", ["g4dn", "g5", "g6", "g6e", "p4d", "p5"])
def test_a_bigger_host_of_a_family_costs_more(family: str) -> None:
    """A slip of a digit in the table shows up here."""
    own = [(_times(one), price) for one, price in prices.HOST_HOUR.items() if one.split(".")[0] == family]
    assert own
    ordered = [price for _, price in sorted(own)]
    assert ordered == sorted(set(ordered))


def _times(instance_type: str) -> int:
    return int(instance_type.split(".")[1].removesuffix("xlarge") or 1)
