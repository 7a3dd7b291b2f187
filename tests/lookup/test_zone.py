"""Where everything goes."""

from __future__ import annotations

import pytest

from infra.account.volumes import Volume
from infra.errors import TypeNotOffered, WrongZone
from infra.lookup.zone import chosen
from tests.configured import settings
from tests.lookup.things import LIVING

A, B, C = "us-east-1a", "us-east-1b", "us-east-1c"


@pytest.mark.parametrize(
    ("volume", "configured", "offered", "zone"),
    [
        (None, "", [B, C], B),
        (None, C, [B, C], C),
        (LIVING, "", [A, B], A),
        (LIVING, "", [B, A], A),
        (LIVING, A, [A], A),
    ],
)
def test_the_volumes_zone_then_the_configured_then_the_first(
    volume: Volume | None, configured: str, offered: list[str], zone: str
) -> None:
    """A volume can't leave its zone, so it decides."""
    assert chosen(settings(availabilityZone=configured), volume, offered) == zone


@pytest.mark.parametrize("offered", [[A, B], [B], []])
def test_another_zone_than_the_volumes_is_refused(offered: list[str]) -> None:
    """Wherever the type is offered; the other way is a copy."""
    with pytest.raises(WrongZone, match=f"vol-1 lives in {A}, but availabilityZone says {B}") as caught:
        chosen(settings(availabilityZone=B), LIVING, offered)
    assert f"restore --zone {B}" in caught.value.advice


@pytest.mark.parametrize(
    ("volume", "configured", "offered", "words", "advice"),
    [
        (
            None,
            "",
            [],
            "in this region; it is in no zone of this region",
            "instanceType TYPE   one that the region offers",
        ),
        (None, A, [], f"in {A}; it is in no zone of this region", f"instanceType TYPE   one that {A} offers"),
        (None, A, [B, C], f"in {A}; it is in {B}, {C}", f"pulumi config set availabilityZone {B}"),
        (
            LIVING,
            "",
            [B, C],
            f"in {A}; it is in {B}, {C}",
            f"`pulumi destroy`, then `zagent cloud snapshot restore --zone {B}`",
        ),
        (LIVING, A, [], f"in {A}; it is in no zone", f"instanceType TYPE   one that {A} offers"),
    ],
)
def test_a_type_that_is_not_offered_there_is_refused(
    volume: Volume | None, configured: str, offered: list[str], words: str, advice: str
) -> None:
    """The person is told where it is, and how to go there."""
    with pytest.raises(TypeNotOffered, match=f"g6e.xlarge is not offered {words}") as caught:
        chosen(settings(availabilityZone=configured), volume, offered)
    assert advice in caught.value.advice
    assert ("restore --zone" in caught.value.advice) == bool(volume and offered)
