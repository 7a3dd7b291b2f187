"""The system disk is lost: everything comes back from the volume, also where the image has another user."""

from __future__ import annotations

import pytest
from zagent.volume.users import Account

from infra.bootstrap.plan.users import SERVICE_NUMBER
from infra.errors import HostUnsuitable
from tests.host.meddling import Cut, CutAfterEachCommand
from tests.host.world import World

pytestmark = [pytest.mark.series, pytest.mark.vm, pytest.mark.root, pytest.mark.cloud, pytest.mark.timeout(1800)]

ALICE = Account(1234, 1235)


def test_an_image_with_another_user(host: World) -> None:
    """A number of the volume's is taken there: refused with a way out that works; people come back."""
    host.root(
        f"groupadd --gid {ALICE.gid} alice && useradd --uid {ALICE.uid} --gid alice --create-home alice"
        " && install -d -m 700 -o alice -g alice /data/users/alice && echo hers | tee /data/users/alice/file"
        " && chown alice:alice /data/users/alice/file"
    )
    assert host.converge() == 1, "the list of users"
    kept, sent = host.kept(), host.cloud.hub_bytes()
    host.reset()
    host.root(f"useradd --uid {SERVICE_NUMBER} squatter && touch /home/file && chown squatter /home/file")
    refusal = host.refused()
    assert type(refusal) is HostUnsuitable
    assert f"the number {SERVICE_NUMBER}, here that is squatter" in refusal.message
    assert host.kept() == kept
    assert "sudo usermod --uid FREE_NUMBER squatter" in refusal.advice
    host.root("usermod --uid 2345 squatter")
    again(host)
    assert host.kept() == kept
    assert host.cloud.hub_bytes() == sent, "nothing came from the hub"
    assert host.root("id -u alice; id -g alice; stat -c %U:%G /data/users/alice/file").split() == [
        str(ALICE.uid),
        str(ALICE.gid),
        "alice:alice",
    ]
    assert host.converge() == 0


def again(host: World) -> None:
    """Converge, each command's outcome lost once."""
    cut = CutAfterEachCommand()
    while True:
        try:
            host.converge(through=cut)
            return
        except Cut:
            assert len(cut.commands) < 80, cut.commands
