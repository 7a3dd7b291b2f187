"""Power or line lost while the agent works: what has a final name is whole, and the next run goes on."""

from __future__ import annotations

import json

import pytest

from infra.errors import HostUnreachable
from infra.operations import snapshot_now
from tests.host.pulling import begun, go_on, weights
from tests.host.world import World

pytestmark = [pytest.mark.vm, pytest.mark.root, pytest.mark.cloud, pytest.mark.timeout(1800)]

LOG = "/dev/shm/generate.log"


def test_a_pull_goes_on_without_its_operator(host: World) -> None:
    """The line breaks; it ends by itself all the same, and the next converge has at most to follow it."""
    kept = weights(host)
    with begun(host) as through:
        through.host.close()  # type: ignore[attr-defined]
    go_on(host)
    assert host.converge() <= 1, "at most it is followed to its end"
    assert weights(host) == kept
    host.settled = True


def test_the_power_goes_within_generate_and_a_snapshot(host: World) -> None:
    """A picture was being made when the filesystem was made to stand still: no half of it, and nothing else touched."""
    kept = host.kept()
    words = "zagent generate 'a red fox' --size 128 --seed 7 --json"
    host.ssh(f"setsid {words} >{LOG} 2>&1 </dev/null & sleep 1")
    host.ssh(f"timeout 900 sh -c 'until grep -q step {LOG}; do sleep 0.2; done'")
    with pytest.raises(HostUnreachable), host.connected() as connected, snapshot_now.frozen(connected):
        host.power_cut()
    host.booted()
    assert host.kept() == kept
    host.root("timeout 60 touch /data/.zagent/trial && rm /data/.zagent/trial")
    assert json.loads(host.ssh("zagent verify --json").splitlines()[-1])["whole"]
    host.settle()
