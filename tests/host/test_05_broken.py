"""A full system disk, a disk that fails, a clock that is years off: told in words, and nothing is half done."""

from __future__ import annotations

import json

import pytest

from infra.errors import CommandFailed, HostError
from tests.host.world import World

pytestmark = [pytest.mark.series, pytest.mark.vm, pytest.mark.root, pytest.mark.cloud, pytest.mark.timeout(1800)]

ENVIRONMENT = "/etc/zagent/agent.env"


def test_a_full_system_disk(host: World) -> None:
    """What must be written is not half written; once there is room, it is."""
    before = host.root(f"cat {ENVIRONMENT}")
    host.root(f"echo changed >>{ENVIRONMENT}; cat /dev/zero >/filler 2>/dev/null || true")
    try:
        refusal = host.refused()
    finally:
        host.root("rm /filler")
    assert isinstance(refusal, CommandFailed)
    assert "there is no room for it" in refusal.message
    assert host.root(f"cat {ENVIRONMENT}") == before + "changed\n"
    assert host.converge() == 1
    assert host.root(f"cat {ENVIRONMENT}") == before


def test_a_data_disk_that_takes_no_writes(host: World) -> None:
    """The agent refuses and says so; after the disk was taken out and put back all is as it was."""
    kept = host.kept()
    host.cloud.order("read-only", volume=host.volume)
    host.root("touch /data/.zagent/trial 2>/dev/null; sync 2>/dev/null || true")
    refusal = host.refused()
    assert isinstance(refusal, HostError)
    told = host.ssh("zagent doctor || true")
    assert "Traceback" not in told
    host.stop()
    host.detach(host.volume)
    host.attach(host.volume)
    host.start()
    assert host.kept() == kept
    assert host.converge() == 0


@pytest.mark.parametrize("when", ["-3 years", "+3 years"])
def test_a_clock_that_is_three_years_off(host: World, when: str) -> None:
    """Nothing that is decided hangs on it."""
    host.root(f"date --set '{when}' >/dev/null")
    assert host.converge() == 0
    assert json.loads(host.ssh("zagent verify --json").splitlines()[-1])["whole"]
    host.root("hwclock --hctosys 2>/dev/null || true")
